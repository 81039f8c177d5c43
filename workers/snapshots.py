"""Read, in one round trip for a whole batch, all that the plans of its keys may look at.

The services of a namespace are kept parsed between batches, as long as their version in the
store stands still; that costs a second round trip when it doesn't.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError

from common.context import Related
from common.keys import Key, redis_prefix
from common.kind import Kind
from common.naming import may_be_shared
from common.objects import Obj, Side, labels, name_of
from common.pod.env_from import data_keys, env_sources
from common.served import Records
from common.store import Store, ended_uid, seen_end, text

REFERRERS_READ = 8
# Of a kind that needs their host objects: a ResourceClaim is reserved for at most as many.
REFERRERS_READ_ALL = 256
_SERVICE_NAME = "kubernetes.io/service-name"
_SERVICES_KEPT = 1024
Positions = Mapping[tuple[str, str], str]
"""By side and plural."""
_Standing = tuple[frozenset[tuple[str, str]], Records, Positions]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One key as the store shows it. `synced`: the streams whose lists were complete after the
    rest was read, so that what is missing then is known to be missing; `records`: in which
    versions, where that may differ. `seen_deleted`: a watch showed the virtual object's end.
    `positions`: up to which versions the streams were stored then."""

    virtual: Obj | None
    host: Obj | None
    related: Related
    synced: frozenset[tuple[str, str]]
    records: Records = field(default_factory=dict)
    seen_deleted: bool = False
    positions: Positions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Services:
    version: bytes
    virtual: tuple[Obj, ...]
    host: Mapping[str, Obj]


class SnapshotReader:
    """Synchronous, like the store; not shared between threads that run at the same time."""

    def __init__(self, redis: Redis, kinds: Mapping[str, Mapping[str, Kind]]) -> None:
        """`kinds`: those of each virtual cluster, by its name and by plural."""
        self._redis = redis
        self._store = Store(redis)
        self._kinds = kinds
        self._services: dict[tuple[str, str], _Services] = {}

    def read(self, keys: Sequence[Key]) -> list[Snapshot | Exception]:
        """Snapshots in the order of the keys; an exception where an object isn't understood.

        Raises redis.RedisError.
        """
        clusters = sorted({key.cluster for key in keys})
        rows = self._rows(keys)
        self._refresh_services(keys, rows)
        standing = {cluster: self._store.standing_at(cluster) for cluster in clusters}
        return [
            self._try_snapshot(key, row, standing[key.cluster])
            for key, row in zip(keys, rows, strict=True)
        ]

    def _rows(self, keys: Sequence[Key]) -> list[list[Any]]:
        """Of each key what `_ask` asks for, in that order."""
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            self._ask(pipeline, key)
        answers = iter(pipeline.execute())
        return [[next(answers) for _ in range(_ANSWERS)] for _ in keys]

    def _kind(self, key: Key) -> Kind:
        return self._kinds[key.cluster][key.plural]

    def _ask(self, pipeline: Any, key: Key) -> None:
        start = redis_prefix(key.cluster)
        pipeline.hget(f"{start}:obj:virtual:{key.plural}", key.field)
        pipeline.hget(f"{start}:obj:host:{key.plural}", key.field)
        pipeline.hget(f"{start}:rv:virtual:{key.plural}", key.field)
        pipeline.hget(f"{start}:rv:host:{key.plural}", key.field)
        needs = self._kind(key).needs
        pipeline.hget(
            f"{start}:obj:virtual:namespaces", key.namespace if "namespace" in needs else ""
        )
        pipeline.get(f"{start}:svcver:{key.namespace}")
        most = REFERRERS_READ_ALL if "host_referrers" in needs else REFERRERS_READ
        pipeline.srandmember(f"{start}:refs:t {key.plural} {key.field}", most)

    def _refresh_services(self, keys: Sequence[Key], rows: list[list[Any]]) -> None:
        stale = {
            (key.cluster, key.namespace): row[_VERSION] or b""
            for key, row in zip(keys, rows, strict=True)
            if self._wants_services(key, row)
        }
        known = {at: kept.version for at, kept in self._services.items()}
        stale = {at: version for at, version in stale.items() if known.get(at) != version}
        if len(self._services) > _SERVICES_KEPT:
            self._services.clear()
        for (cluster, namespace), version in stale.items():
            self._services[cluster, namespace] = self._read_services(cluster, namespace, version)

    def _wants_services(self, key: Key, row: list[Any]) -> bool:
        """A pod needs them only to be created: its environment can't change later."""
        needs = self._kind(key).needs
        return "service" in needs or ("services" in needs and row[_HOST] is None)

    def _read_services(self, cluster: str, namespace: str, version: bytes) -> _Services:
        start = redis_prefix(cluster)
        names = sorted(map(text, self._redis.smembers(f"{start}:svc:{namespace}")))
        if not names:
            return _Services(version, (), {})
        fields = [f"{namespace}/{name}" for name in names]
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hmget(f"{start}:obj:virtual:services", fields)
        pipeline.hmget(f"{start}:obj:host:services", fields)
        virtual, host = pipeline.execute()
        return _Services(
            version,
            tuple(orjson.loads(text) for text in virtual if text),
            {name: orjson.loads(text) for name, text in zip(names, host, strict=True) if text},
        )

    def _try_snapshot(self, key: Key, row: list[Any], standing: _Standing) -> Snapshot | Exception:
        try:
            return self._snapshot(key, row, standing)
        except RedisError:
            raise
        except Exception as error:
            return error

    def _snapshot(self, key: Key, row: list[Any], standing: _Standing) -> Snapshot:
        virtual = orjson.loads(row[_VIRTUAL]) if row[_VIRTUAL] else None
        services = None
        if self._wants_services(key, row):
            services = self._services.get((key.cluster, key.namespace))
        service = _service_of(key, virtual, services)
        referrers = frozenset(member.decode() for member in row[_REFERRERS])
        related = Related(
            namespace=orjson.loads(row[_NAMESPACE]) if row[_NAMESPACE] else None,
            services=services.virtual if services else (),
            host_services=services.host if services else {},
            service=service,
            host_service=services.host.get(name_of(service)) if services and service else None,
            namespaces=self._namespaces(key, virtual) if virtual and not row[_HOST] else (),
            host_referrers=self._host_referrers(key, referrers),
            host_names=self._host_names(key, virtual, bool(row[_HOST])) if virtual else {},
            env_keys=self._env_keys(key, virtual, bool(row[_HOST])) if virtual else {},
            referrers=referrers,
            host_gone_uid=ended_uid(row[_HOST_VERSION]),
            host_seen_gone=seen_end(row[_HOST_VERSION]),
        )
        return Snapshot(
            virtual=virtual,
            host=orjson.loads(row[_HOST]) if row[_HOST] else None,
            related=related,
            synced=standing[0],
            records=standing[1],
            seen_deleted=seen_end(row[_VIRTUAL_VERSION]),
            positions=standing[2],
        )

    def _host_names(self, key: Key, virtual: Obj, exists: bool) -> Mapping[str, str]:
        """By member, of what a new host object names, or one that `exists` may be given; only
        names that others could bear."""
        if exists and not self._kind(key).names_later(virtual):
            return {}
        named = self._kind(key).named(virtual)
        keys = [
            Key(key.cluster, ref.plural, ref.namespace, ref.name)
            for ref in named
            if may_be_shared(ref.namespace, ref.name)
        ]
        found = self._objects("host", keys)
        return {one.member: name_of(obj) for one, obj in found.items()}

    def _env_keys(self, key: Key, virtual: Obj, exists: bool) -> Mapping[str, frozenset[str]]:
        """For a new host object, or one that `exists` and may be given more containers."""
        kind = self._kind(key)
        if "env_keys" not in kind.needs or (exists and not kind.names_later(virtual)):
            return {}
        refs = env_sources(virtual)
        keys = [Key(key.cluster, ref.plural, ref.namespace, ref.name) for ref in refs]
        found = self._objects("virtual", keys)
        return {one.member: data_keys(obj) for one, obj in found.items()}

    def _namespaces(self, key: Key, virtual: Obj) -> tuple[Obj, ...]:
        """All of the virtual cluster, for the few objects whose translation depends on them."""
        if not self._kind(key).wants_all(virtual):
            return ()
        stored = self._redis.hvals(f"{redis_prefix(key.cluster)}:obj:virtual:namespaces")
        return tuple(orjson.loads(each) for each in stored)

    def _host_referrers(self, key: Key, referrers: frozenset[str]) -> tuple[Obj, ...]:
        """Their host objects: hardly ever more than one."""
        if "host_referrers" not in self._kind(key).needs or not referrers:
            return ()
        keys = [Key.from_member(key.cluster, member) for member in sorted(referrers)]
        return tuple(self._objects("host", keys).values())

    def _objects(self, side: Side, keys: Sequence[Key]) -> dict[Key, Obj]:
        """Those that exist; one round trip, none for no keys."""
        if not keys:
            return {}
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.hget(f"{redis_prefix(key.cluster)}:obj:{side}:{key.plural}", key.field)
        found = zip(keys, pipeline.execute(), strict=True)
        return {key: orjson.loads(text) for key, text in found if text}


_ANSWERS = 7
_VIRTUAL, _HOST, _VIRTUAL_VERSION, _HOST_VERSION, _NAMESPACE, _VERSION, _REFERRERS = range(_ANSWERS)


def _service_of(key: Key, virtual: Obj | None, services: _Services | None) -> Obj | None:
    """The Service that an Endpoints (same name) or an EndpointSlice (by label) belongs to."""
    if services is None:
        return None
    name = labels(virtual or {}).get(_SERVICE_NAME, key.name)
    return next((service for service in services.virtual if name_of(service) == name), None)
