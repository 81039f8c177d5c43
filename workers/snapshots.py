"""Read, in one round trip for a whole batch, all that the plans of its keys may look at.

The services of a namespace are kept parsed between batches, as long as their version in the
store stands still; that costs a second round trip when it doesn't.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from common.context import Related
from common.encoding import UnreadableError
from common.keys import Key, redis_prefix
from common.kind import Kind
from common.kube.served import Records
from common.naming import may_be_shared
from common.objects import Obj, Side, labels, meta, name_of
from common.pod.env_from import data_keys, env_sources
from common.store import Standing, Store, ended_uid, is_tombstone, seen_end, text
from common.workqueue import Taken

REFERRERS_READ = 8
# Of a kind that needs their host objects: a ResourceClaim is reserved for at most as many.
REFERRERS_READ_ALL = 256
_SERVICE_NAME = "kubernetes.io/service-name"
_SERVICES_KEPT = 1024
_SIDES: tuple[Side, ...] = ("virtual", "host")
Rows = tuple[list[list[Any]], dict[str, Standing]]
Positions = Mapping[tuple[str, str], str]
"""By side and plural."""


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
        self._services: dict[tuple[str, str], _Services | UnreadableError] = {}

    def read(self, keys: Sequence[Key]) -> list[Snapshot | Exception]:
        """Snapshots in the order of the keys; an exception where an object isn't understood.

        Raises redis.RedisError.
        """
        return self._read(keys)[0]

    def read_for(self, taken: Sequence[Taken]) -> list[Snapshot | Exception]:
        """What `read` answers for the keys of these runs; they know its versions from now on."""
        snapshots, rows = self._read([one.key for one in taken])
        for one, snapshot, row in zip(taken, snapshots, rows, strict=True):
            one.known = _known(snapshot, row)
        return snapshots

    def _read(self, keys: Sequence[Key]) -> tuple[list[Snapshot | Exception], list[list[Any]]]:
        clusters = sorted({key.cluster for key in keys})
        rows, standing = self._rows(keys, clusters)
        if self._refresh_services(keys, rows):
            standing = {cluster: self._store.standing_at(cluster) for cluster in clusters}
        snapshots = [
            self._try_snapshot(key, row, standing[key.cluster])
            for key, row in zip(keys, rows, strict=True)
        ]
        return snapshots, rows

    def _rows(self, keys: Sequence[Key], clusters: Sequence[str]) -> Rows:
        """Of each key what `_ask` asks for, in that order, and how the clusters' streams stood
        after that."""
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            self._ask(pipeline, key)
        for cluster in clusters:
            self._store.ask_standing(pipeline, cluster)
        answers = iter(pipeline.execute())
        rows = [[next(answers) for _ in range(_ANSWERS)] for _ in keys]
        return rows, {cluster: self._store.standing_of(answers) for cluster in clusters}

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

    def _refresh_services(self, keys: Sequence[Key], rows: list[list[Any]]) -> bool:
        """Whether something had to be read."""
        stale = {
            (key.cluster, key.namespace): row[_VERSION] or b""
            for key, row in zip(keys, rows, strict=True)
            if self._wants_services(key, row)
        }
        known = {
            at: kept.version for at, kept in self._services.items() if isinstance(kept, _Services)
        }
        stale = {at: version for at, version in stale.items() if known.get(at) != version}
        if len(self._services) > _SERVICES_KEPT:
            self._services.clear()
        for (cluster, namespace), version in stale.items():
            try:
                read = self._read_services(cluster, namespace, version)
            except UnreadableError as error:
                self._services[cluster, namespace] = error
            else:
                self._services[cluster, namespace] = read
        return bool(stale)

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
        virtual, host = (
            [self._store.read(cluster, side, "services", each) for each in answer]
            for side, answer in zip(_SIDES, pipeline.execute(), strict=True)
        )
        by_name = {name: obj for name, obj in zip(names, host, strict=True) if obj}
        return _Services(version, tuple(obj for obj in virtual if obj), by_name)

    def _try_snapshot(self, key: Key, row: list[Any], standing: Standing) -> Snapshot | Exception:
        try:
            return self._snapshot(key, row, standing)
        except RedisError:
            raise
        except Exception as error:
            return error

    def _snapshot(self, key: Key, row: list[Any], standing: Standing) -> Snapshot:
        read, cluster = self._store.read, key.cluster
        virtual = read(cluster, "virtual", key.plural, row[_VIRTUAL])
        services = self._services_around(key) if self._wants_services(key, row) else None
        service = _service_of(key, virtual, services)
        referrers = frozenset(member.decode() for member in row[_REFERRERS])
        related = Related(
            namespace=read(cluster, "virtual", "namespaces", row[_NAMESPACE]),
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
            host=read(cluster, "host", key.plural, row[_HOST]),
            related=related,
            synced=standing[0],
            records=standing[1],
            seen_deleted=seen_end(row[_VIRTUAL_VERSION]),
            positions=standing[2],
        )

    def _services_around(self, key: Key) -> _Services | None:
        """Raises UnreadableError when one of them can't be read."""
        services = self._services.get((key.cluster, key.namespace))
        if isinstance(services, UnreadableError):
            raise UnreadableError(str(services))
        return services

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
        name = f"{redis_prefix(key.cluster)}:obj:virtual:namespaces"
        stored = cast(list[bytes], self._redis.hvals(name))
        found = (self._store.read(key.cluster, "virtual", "namespaces", each) for each in stored)
        return tuple(each for each in found if each)

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
        answers = zip(keys, pipeline.execute(), strict=True)
        read = ((key, self._store.read(key.cluster, side, key.plural, a)) for key, a in answers)
        return {key: obj for key, obj in read if obj is not None}


_ANSWERS = 7
_VIRTUAL, _HOST, _VIRTUAL_VERSION, _HOST_VERSION, _NAMESPACE, _VERSION, _REFERRERS = range(_ANSWERS)


def _known(snapshot: Snapshot | Exception, row: Sequence[Any]) -> tuple[str, str]:
    """The versions of both objects as a run saw them. Versions were read after the objects, and
    may be newer: only the end of an object that wasn't there is taken from them."""
    versions = [text(row[at] or b"").partition(":")[0] for at in (_VIRTUAL_VERSION, _HOST_VERSION)]
    if isinstance(snapshot, Exception):
        return versions[0], versions[1]
    virtual, host = (
        str(meta(obj).get("resourceVersion") or "")
        if obj is not None
        else (version if is_tombstone(version) else "")
        for obj, version in zip((snapshot.virtual, snapshot.host), versions, strict=True)
    )
    return virtual, host


def _service_of(key: Key, virtual: Obj | None, services: _Services | None) -> Obj | None:
    """The Service that an Endpoints (same name) or an EndpointSlice (by label) belongs to."""
    if services is None:
        return None
    name = labels(virtual or {}).get(_SERVICE_NAME, key.name)
    return next((service for service in services.virtual if name_of(service) == name), None)
