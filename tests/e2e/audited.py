"""What the product may write, checked for every write: its way to both clusters leads through
proxies that know the rules. The tests' own clients go past them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.objects import Obj, get_path
from tests.backends import Backend
from tests.proxy import Audit, HostRules, Proxy, VirtualRules


@dataclass(frozen=True, slots=True)
class Audited:
    """One virtual cluster's proxies."""

    virtual: Proxy
    host: Proxy

    @property
    def violations(self) -> list[str]:
        return [
            f"{side}: {verdict}"
            for side, proxy in (("virtual", self.virtual), ("host", self.host))
            for verdict in proxy.audit.verdicts
        ]

    def check(self) -> None:
        """To be called at the end. Raises AssertionError that lists what was against the rules."""
        found = self.violations
        assert not found, f"against the rules: {len(found)} writes\n" + "\n".join(found)


@contextmanager
def audited(
    backend: Backend, folder: Path, name: str, host_namespace: str, tohost: Obj
) -> Iterator[Audited]:
    """`tohost` is the virtual cluster's entry in tohost.yaml; it tells whether namespaces are
    synced."""
    mapped = bool(get_path(tohost, "sync.toHost.namespaces.enabled"))
    virtual = VirtualRules(name)
    host = HostRules({name: host_namespace}, frozenset({name} if mapped else ()))
    with ExitStack() as stack:
        yield Audited(
            stack.enter_context(_proxy(backend.virtual_kubeconfig, folder, "virtual", virtual)),
            stack.enter_context(_proxy(backend.host_kubeconfig, folder, "host", host)),
        )


def _proxy(kubeconfig: Path, folder: Path, side: str, rules: VirtualRules | HostRules) -> Proxy:
    audit = Audit(rules.judge, keep=False)
    return Proxy(kubeconfig, folder, f"{side}-audited", audit=audit, inspect=rules.inspect)
