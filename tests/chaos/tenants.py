"""The virtual clusters of a run and what is switched on in each: all follows from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.chaos.kinds import KINDS
from tests.chaos.objects import Obj

SHARED_NAMESPACE: Final = "vc-shared"
_LONG_NAME: Final = "quite-a-long-name-for-one"
"""With it most host names are cut."""
_NAMES: Final = ("red", "blue", "green", "amber", "teal", _LONG_NAME)
_MAPPINGS: Final = (("a", "mapped-${name}"), ("team-*", "${name}-team-*"))
_WIDGET_REFERENCE: Final = {"path": "spec.secretName", "kind": "Secret", "apiVersion": "v1"}


@dataclass(frozen=True)
class Tenant:
    """One virtual cluster. `mappings`: those of namespace sync, None without it. `on`, `all_of`:
    names of options. `api_ip`, `dns_ip` "": not configured."""

    name: str
    host_namespace: str
    classic: bool = False
    mappings: tuple[tuple[str, str], ...] | None = None
    on: frozenset[str] = frozenset()
    all_of: frozenset[str] = frozenset()
    images: tuple[tuple[str, str], ...] = ()
    toleration: str = ""
    api_ip: str = ""
    dns_ip: str = ""
    tokens_in_secrets: bool = False
    extra_labels: tuple[tuple[str, str], ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The virtual namespaces of the storm. Names in the last could also be read as names in
        the first: classic host names don't tell them apart."""
        return ("a", "team-b", "brief", "a-x-a")

    def settings(self, kubeconfig: Path) -> Obj:
        """Its entry in tohost.yaml."""
        network = {"apiServiceIP": self.api_ip, "dnsServiceIP": self.dns_ip}
        return {
            "name": self.name,
            "hostNamespace": self.host_namespace,
            "kubeconfig": str(kubeconfig),
            "naming": {"format": "classic" if self.classic else "prefixed"},
            "networking": {key: value for key, value in network.items() if value},
            "sync": {"toHost": self._to_host()},
        }

    def _to_host(self) -> Obj:
        built_in = [kind.option for kind in KINDS.values() if "." not in kind.option]
        settings: Obj = {option: {"enabled": option in self.on} for option in built_in}
        for option in self.all_of:
            settings[option]["all"] = True
        settings["pods"] |= {
            "useSecretsForSATokens": self.tokens_in_secrets,
            "translateImage": dict(self.images),
            "enforceTolerations": [self.toleration] if self.toleration else [],
        }
        widgets = {"enabled": True, "references": [_WIDGET_REFERENCE]}
        if "widgets.example.com" in self.on:
            settings["customResources"] = {"widgets.example.com": widgets}
        if self.mappings is not None:
            mappings = {"byName": dict(self.mappings)}
            labels = dict(self.extra_labels)
            settings["namespaces"] = {"enabled": True, "mappings": mappings, "extraLabels": labels}
        return settings


@dataclass(frozen=True)
class World:
    """One run. `rate` is operations a second, over all virtual clusters."""

    seed: int
    tenants: tuple[Tenant, ...]
    watchers: int
    workers: int
    rate: float
    storm_s: float
    host_namespaces: tuple[str, ...] = field(default=())


def world_of(seed: int, fewest: int, most: int, storm_s: float, rate: float = 0) -> World:
    """`rate` 0: chosen by the seed."""
    chance = Random(f"world {seed}")
    count = chance.randint(fewest, most)
    tenants = tuple(_tenants(chance, count))
    return World(
        seed=seed,
        tenants=tenants,
        watchers=chance.randint(1, 3),
        workers=chance.randint(1, 3),
        rate=rate or chance.uniform(10, 40),
        storm_s=storm_s,
        host_namespaces=tuple(sorted({tenant.host_namespace for tenant in tenants})),
    )


def _tenants(chance: Random, count: int) -> Iterator[Tenant]:
    names = chance.sample(_NAMES, count)
    with_namespaces = chance.randrange(count) if chance.random() < 0.6 else -1
    for number, name in enumerate(names):
        own = number == with_namespaces
        shared = not own and chance.random() < 0.6
        yield Tenant(
            name=name,
            host_namespace=SHARED_NAMESPACE if shared else f"vc-{name}",
            classic=chance.random() < 0.5,
            mappings=_MAPPINGS if own else None,
            on=_switched_on(chance),
            all_of=_some(chance, ("configMaps", "secrets"), 0.4),
            images=(("docker.io", "mirror.example.com/hub"),) if chance.random() < 0.4 else (),
            toleration="dedicated=chaos:NoSchedule" if chance.random() < 0.4 else "",
            api_ip="10.97.255.1" if chance.random() < 0.6 else "",
            dns_ip="10.97.255.2" if chance.random() < 0.6 else "",
            tokens_in_secrets=chance.random() < 0.5,
            extra_labels=(("tenant", name),) if own else (),
        )


def _switched_on(chance: Random) -> frozenset[str]:
    """What is on by default stays on; of the rest most."""
    default = frozenset(kind.option for kind in KINDS.values() if kind.default)
    optional = tuple(kind.option for kind in KINDS.values() if not kind.default)
    return default | _some(chance, optional, 0.85)


def _some(chance: Random, options: tuple[str, ...], share: float) -> frozenset[str]:
    return frozenset(option for option in options if chance.random() < share)
