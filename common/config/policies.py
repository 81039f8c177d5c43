"""The `policies` section: what no tenant's object may do on the host."""

from collections.abc import Iterator
from typing import Any, Literal

from common.cluster import PodSecurity
from common.config.section import Section


class Policies(Section):
    """`pod_security_standard` "": as "privileged". The other settings of vCluster's do nothing."""

    pod_security_standard: Literal["", "privileged", "baseline", "restricted"] = ""
    resource_quota: dict[str, Any] = {}
    limit_range: dict[str, Any] = {}
    network_policy: dict[str, Any] = {}
    central_admission: dict[str, Any] = {}

    @property
    def pod_security(self) -> PodSecurity:
        return self.pod_security_standard or "privileged"

    def unread(self) -> Iterator[str]:
        """The settings that ask for something which nothing does, by their name in YAML."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if (
                isinstance(value, dict)
                and value.get("enabled") is not False
                and any(value.values())
            ):
                yield field.alias or name
