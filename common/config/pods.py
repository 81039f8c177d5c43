"""The options of `sync.toHost.pods`, checked, and what translation makes of them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from common.cluster import PodOptions
from common.config.section import ClassName, Section
from common.objects import Obj
from common.pod.images import image_rules, translate_image
from common.pod.tolerations import parse_toleration
from common.quantity import number

_PART = re.compile(r"[\w.-]+([/:@][\w.-]+)*/?")
_RESOURCES: Mapping[str, str] = {"cpu": "30m", "memory": "64Mi"}


def _rules(value: dict[str, str]) -> dict[str, str]:
    for text in (*value, *value.values()):
        if not _PART.fullmatch(text):
            raise ValueError(
                f'"{text}" is no part of an image; write a registry or more of an image on both'
                ' sides, for example "docker.io: mirror.example.com/docker"'
            )
    if len(image_rules(value)) < len(value):
        raise ValueError("says two things of one registry or image; write one of them")
    return value


def _toleration(value: str) -> str:
    parse_toleration(value)
    return value


def _quantity(value: str | int | float) -> str | int | float:
    if number(value) is None:
        raise ValueError(f'"{value}" is no quantity; write for example "64Mi" or "30m"')
    return value


Quantity = Annotated[str | int | float, AfterValidator(_quantity)]


class Image(Section):
    """Without a registry it is an image like any other, and `translateImage` applies to it."""

    registry: str = ""
    repository: str = "library/alpine"
    tag: str = "3.20"

    def text(self, rules: Mapping[str, str]) -> str:
        name = f"{self.repository}:{self.tag}" if self.tag else self.repository
        if self.registry:
            return f"{self.registry.rstrip('/')}/{name}"
        return translate_image(name, rules)


class Resources(Section):
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}

    @model_validator(mode="after")
    def _within_limits(self) -> "Resources":
        for name in self.requests.keys() & self.limits.keys():
            asked, most = number(self.requests[name]), number(self.limits[name])
            if asked is not None and most is not None and asked > most:
                raise ValueError(f"requests more {name} than its limit; write a higher limit")
        return self

    def spec(self) -> Obj:
        """As in a container; what it gets when nothing is said."""
        parts = {"requests": self.requests, "limits": self.limits}
        said = {key: dict(sizes) for key, sizes in parts.items() if sizes}
        return said or {key: dict(_RESOURCES) for key in parts}


class InitContainer(Section):
    image: Image = Image()
    resources: Resources = Resources()

    @field_validator("image", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return {"repository": value, "tag": ""} if value else {}


class RewriteHosts(Section):
    enabled: bool = False
    init_container: InitContainer = InitContainer()


class HybridScheduling(Section):
    enabled: bool = False
    host_schedulers: list[str] = []


class PodSettings(Section):
    """What may be said of pods besides that they are synced."""

    translate_image: Annotated[dict[str, str], AfterValidator(_rules)] = {}
    enforce_tolerations: list[Annotated[str, AfterValidator(_toleration)]] = []
    runtime_class_name: ClassName = ""
    priority_class_name: ClassName = ""
    use_secrets_for_sa_tokens: bool = Field(default=False, alias="useSecretsForSATokens")
    rewrite_hosts: RewriteHosts = RewriteHosts()
    hybrid_scheduling: HybridScheduling = HybridScheduling()

    def options(self) -> PodOptions:
        rules, writer = image_rules(self.translate_image), self.rewrite_hosts.init_container
        rewritten = self.rewrite_hosts.enabled
        return PodOptions(
            images=rules,
            tolerations=tuple(map(parse_toleration, self.enforce_tolerations)),
            runtime_class=self.runtime_class_name,
            priority_class=self.priority_class_name,
            secrets_for_tokens=self.use_secrets_for_sa_tokens,
            hosts_image=writer.image.text(rules) if rewritten else "",
            hosts_resources=writer.resources.spec() if rewritten else {},
        )
