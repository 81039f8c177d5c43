"""What is watched: a stream is one kind on one side of one virtual cluster."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlencode

import orjson

from common.changes import active_plurals
from common.cluster import Cluster
from common.kind import Kind
from common.kinds import kinds_of
from common.kube.api import object_path
from common.kube.served import Served, as_served
from common.metadata import MANAGED_BY
from common.naming import managed_by
from common.objects import Obj, Side, get_path, labels
from common.selector import selector_text, selects
from common.standin import STAND_INS


@dataclass(frozen=True, slots=True)
class StreamId:
    """Names a stream in Redis and in logs; sorts by virtual cluster."""

    cluster: str
    side: Side
    plural: str

    def __str__(self) -> str:
        return f"{self.cluster} {self.side}:{self.plural}"


@dataclass(frozen=True, slots=True)
class Stream:
    """`active` holds the plurals that the workers of this virtual cluster handle. `served`: how
    the server offers a kind that it might lack, None for others and until that is known."""

    cluster: Cluster
    kind: Kind
    side: Side
    active: frozenset[str]
    served: Served | None = None

    @property
    def id(self) -> StreamId:
        return StreamId(self.cluster.name, self.side, self.kind.plural)

    @property
    def path(self) -> str:
        one = self.side == "host" and self.cluster.namespaces is None
        return object_path(self.kind, self.cluster.host_namespace if one else "")

    @property
    def params(self) -> Mapping[str, str]:
        """The selectors, if there are any."""
        found: dict[str, str] = {}
        if text := selector_text(self._selector):
            found["labelSelector"] = text
        if fields := self._unseen_fields:
            found["fieldSelector"] = ",".join(f"{path}!={value}" for path, value in fields)
        return found

    def selects(self, obj: Obj) -> bool:
        """Whether the server shows an object of that side and kind in the stream."""
        seen = all(get_path(obj, path) != value for path, value in self._unseen_fields)
        return seen and selects(self._selector, labels(obj))

    @property
    def _selector(self) -> Obj:
        """By labels. Events bear none."""
        if self.kind.plural == "events":
            return {}
        terms: list[Obj] = [
            {"key": key, "operator": "NotIn", "values": values}
            for key, values in self.kind.unseen_labels
        ]
        if self.side == "host":
            owner = managed_by(self.cluster, self.kind.namespaced)
            return {"matchLabels": {MANAGED_BY: owner}, "matchExpressions": terms}
        if self.kind.plural in STAND_INS and self.kind.plural not in self.cluster.enabled:
            terms.append({"key": MANAGED_BY, "operator": "Exists"})
        return {"matchExpressions": terms}

    @property
    def _unseen_fields(self) -> tuple[tuple[str, str], ...]:
        return self.kind.unseen_fields if self.side == "virtual" else ()

    @property
    def optional(self) -> bool:
        """Whether all else goes on without it, as with Events, which only tell something."""
        return self.kind.plural == "events"

    @property
    def shape(self) -> str:
        """What is asked for, and under which settings. What was stored of another shape is listed
        anew, and that wakes all of its keys: whatever was changed in the configuration, every
        object gets what it says now. Events were told already, and nothing changes that."""
        settings = "" if self.optional else f" {_digest(self.cluster)}"
        return f"{self.path}?{urlencode(self.params)}{settings}"

    def as_served(self, served: Served) -> "Stream":
        """The same stream in the version that is served."""
        return replace(self, kind=as_served(self.kind, served), served=served)


def streams_of(clusters: Iterable[Cluster]) -> Iterator[Stream]:
    """Every stream of these virtual clusters."""
    for cluster in clusters:
        kinds = kinds_of(cluster)
        active = active_plurals(kinds.values(), cluster)
        for plural in sorted(active):
            for side in kinds[plural].sides(cluster):
                yield Stream(cluster, kinds[plural], side, active)


def _digest(cluster: Cluster) -> str:
    """The same in every process, for the same settings of a virtual cluster."""
    settings = orjson.dumps(cluster, default=sorted, option=orjson.OPT_SORT_KEYS)
    return sha256(settings).hexdigest()[:16]
