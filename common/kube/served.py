"""Which version of a kind is synced, where the API servers may lack it or serve another one: pure.

Watchers ask the servers (`common.kube.discovery`), watch each side in a version that both serve,
and record in the store what a stream's objects are of. Workers act on a kind only while the records
of its streams agree.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from common.cluster import Cluster
from common.kind import Kind
from common.objects import Side

_VERSION = re.compile(r"v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?")
_MATURITY = {"alpha": 0, "beta": 1, None: 2}
_NAMES: Mapping[Side, str] = {"virtual": "the virtual cluster", "host": "the host"}


@dataclass(frozen=True, slots=True)
class Served:
    """A resource in one version, as an API server offers it; `has_status`: as a subresource."""

    version: str
    kind: str
    namespaced: bool
    has_status: bool


Offer = Mapping[str, Served]
"""By version, {} when the server lacks the resource."""
Standing = Literal["ready", "away", "gone"]


@dataclass(frozen=True, slots=True)
class Record:
    """What the store has of one stream. `served`: of which version its objects are, None if it
    never had any. ready: all are there; away: the server doesn't serve them now, or they are about
    to be read in another version; gone: the server proved that there can't be any."""

    standing: Standing
    served: Served | None = None

    def encode(self) -> str:
        served = self.served
        told = [served.version, served.kind, served.namespaced, served.has_status] if served else []
        return orjson.dumps([self.standing, *told]).decode()

    @classmethod
    def decode(cls, text: str) -> "Record":
        standing, *told = orjson.loads(text)
        return cls(standing, Served(*told) if told else None)


Records = Mapping[tuple[str, str], Record]
"""By (side, plural). A stream of a kind that every server has bears one only while it's away."""


def choose(kind: Kind, own: Offer, other: Offer) -> Served | None:
    """What to watch on a server that offers `own`: a version of both sides if there's one. None
    if it has none that the configuration asks for."""
    ours, theirs = _wanted(kind, own), _wanted(kind, other)
    versions = ours.keys() & theirs.keys() or ours.keys()
    if not versions:
        return None
    served = own[kind.version if kind.version in versions else _ranked(versions)[0]]
    return served if served.namespaced == kind.namespaced else None


def problem(kind: Kind, cluster: Cluster, offers: Mapping[Side, Offer]) -> str:
    """Why the kind can't be synced, and what to do about it; "" when it can be.

    A kind that is switched off has no problem.
    """
    if kind.plural not in cluster.enabled:
        return ""
    lacking = [side for side in kind.sides(cluster) if not offers[side]]
    away = f"set sync.toHost.{kind.option}.enabled: false"
    if lacking:
        name = full_name(kind) if kind.discovered else f"{full_name(kind)}/{kind.version}"
        who = " and ".join(_NAMES[side] for side in lacking)
        remedy = "install its CRD" if may_be_custom(kind.group) else "switch that API on there"
        serve = "serve" if len(lacking) > 1 else "serves"
        return f"{kind.plural}: {who} {serve} no {name}; {remedy} or {away}"
    found = _misfit(kind, offers) or _mismatch(kind, offers)
    return f"{kind.plural}: {found} or {away}" if found else ""


def _misfit(kind: Kind, offers: Mapping[Side, Offer]) -> str:
    """What a side serves otherwise than the configuration says."""
    option = f"sync.toHost.{kind.option}"
    for side, offer in offers.items():
        wanted = _wanted(kind, offer)
        if offer and not wanted:
            there = ", ".join(_ranked(offer))
            return (
                f"{_NAMES[side]} serves it as {there}, not {kind.version}; write {option}.version"
            )
        for served in wanted.values():
            if served.namespaced != kind.namespaced:
                there = "Namespaced" if served.namespaced else "Cluster"
                remedy = f"write {option}.scope: {there}" if _is_custom(kind) else "mend its CRD"
                return f"{_NAMES[side]} serves it with scope {there}; {remedy}"
    return ""


def _mismatch(kind: Kind, offers: Mapping[Side, Offer]) -> str:
    """What the two sides serve otherwise than each other."""
    virtual, host = (_wanted(kind, offers[side]) for side in ("virtual", "host"))
    if not virtual or not host:
        return ""
    if not virtual.keys() & host.keys():
        told = ", ".join(_ranked(virtual)), ", ".join(_ranked(host))
        return (
            f"no version of {full_name(kind)} is served on both sides (virtual cluster: {told[0]};"
            f" host: {told[1]}); serve one on both"
        )
    here, there = choose(kind, virtual, host), choose(kind, host, virtual)
    if here and there and here.kind != there.kind:
        return (
            f"it is {here.kind} in the virtual cluster and {there.kind} on the host; install the"
            " same CRD on both"
        )
    return ""


def _is_custom(kind: Kind) -> bool:
    """Whether it's known by declaration only."""
    return "." in kind.plural


def _wanted(kind: Kind, offer: Offer) -> Offer:
    """What of an offer may be used: where a custom resource's version is declared, only that."""
    if not (_is_custom(kind) and kind.version):
        return offer
    return {version: served for version, served in offer.items() if version == kind.version}


def as_served(kind: Kind, served: Served) -> Kind:
    return replace(kind, version=served.version, kind=served.kind, has_status=served.has_status)


def resolved(kind: Kind, cluster: Cluster, records: Records) -> Kind | None:
    """The kind as workers act on it now, None while they can't.

    Both sides must be in the store in one version, but the virtual one may be gone: then what is
    left on the host goes too.
    """
    sides = kind.sides(cluster)
    found = {side: records.get((side, kind.plural)) for side in sides}
    if not kind.discovered:
        return kind if all(r is None or r.standing == "ready" for r in found.values()) else None
    if any(record is None or record.standing == "away" for record in found.values()):
        return None
    served = {side: r.served for side, r in found.items() if r and r.standing == "ready"}
    main = served.get("host" if "host" in sides else "virtual")
    if main is None or any(each != main and not _alike(each, main) for each in served.values()):
        return None
    return as_served(kind, served.get("virtual") or main)


def _alike(one: Served | None, other: Served) -> bool:
    return one is not None and (one.version, one.kind) == (other.version, other.kind)


def full_name(kind: Kind) -> str:
    """`volumesnapshots.snapshot.storage.k8s.io`, as its CRD is called if it has one."""
    return f"{kind.resource}.{kind.group}" if kind.group else kind.resource


def may_be_custom(group: str) -> bool:
    """Whether a group's kinds come by CRDs. Those of Kubernetes' own groups can be switched off
    and on again with all their objects, so that they aren't served proves nothing."""
    return "." in group and group not in _BUILT_IN


_BUILT_IN = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration apidiscovery apiextensions apiregistration authentication"
        " authorization certificates coordination discovery events flowcontrol.apiserver"
        " internal.apiserver networking node rbac.authorization resource scheduling storage"
        " storagemigration"
    ).split()
)


def _ranked(versions: Iterable[str]) -> list[str]:
    """Newest first: general availability, beta, alpha, then whatever is no Kubernetes version."""
    return sorted(versions, key=lambda name: (_rank(name), name), reverse=True)


def _rank(version: str) -> tuple[int, int, int]:
    match = _VERSION.fullmatch(version)
    if match is None:
        return (-1, 0, 0)
    major, maturity, minor = match.groups()
    return (_MATURITY[maturity], int(major), int(minor or 0))
