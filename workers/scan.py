"""One look at all pairs of a virtual cluster, for what no event told: drift and orphans.

Over the object store only, so that it costs no API call: whatever differs is marked dirty, and
the reconcile that follows proves and writes as always.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from redis import Redis

from common.context import Context
from common.keys import Key, redis_prefix
from common.kind import Kind
from common.kinds.events import KIND as EVENTS
from common.objects import Side
from common.process.logs import get_log
from common.store import text
from common.workqueue.rest import Rest
from workers.drift import drifted
from workers.scan_reader import ScanReader
from workers.session import Session
from workers.snapshots import Snapshot

CHUNK = 64
"""Keys at a time: some 10 ms of work, in which other threads wait for the interpreter."""
_log = get_log(__name__)


@dataclass(slots=True)
class Findings:
    """`pairs`: looked at, without those that are being worked on anyway; `woken`: marked dirty.
    `all_agree`: there are no others, and none differs."""

    pairs: int = 0
    woken: int = 0
    all_agree: bool = True


class Scan:
    """Of one virtual cluster. Synchronous; raises redis.RedisError. `clock`: what plans go by, in
    Unix seconds.

    A key is looked at twice before it is woken: the first look may fall between a worker's write
    and its storing. A virtual object that is made here for the host's (a Node's stand-in) and is
    missing altogether isn't found, as only its referrers know its name.
    """

    def __init__(
        self,
        redis: Redis,
        session: Session,
        reader: ScanReader,
        rest: Rest,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.findings = Findings()
        self._redis = redis
        self._session = session
        self._cluster = session.cluster.name
        self._reader = reader
        self._rest = rest
        self._clock = clock

    def steps(self) -> Iterator[None]:
        """Do it, in small pieces; a pause may follow each."""
        for plural in sorted(self._session.gates.keys() - {EVENTS.plural}):
            for fields in self._fields(plural):
                resting = self._resting([f"{plural} {field}" for field in fields])
                self.findings.pairs += len(resting)
                differing = self._differing(resting)
                self.findings.all_agree &= len(resting) == len(fields) and not differing
                yield
                if differing:
                    self._wake(self._differing(self._resting(differing)))
                    yield

    def _fields(self, plural: str) -> Iterator[Sequence[str]]:
        """Of all objects that are stored on either side, each once, some at a time."""
        seen: set[str] = set()
        for side in self._session.kinds[plural].sides(self._session.cluster):
            chunk: list[str] = []
            for field in self._stored(side, plural):
                if field in seen:
                    continue
                seen.add(field)
                chunk.append(field)
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
            if chunk:
                yield chunk

    def _stored(self, side: Side, plural: str) -> Iterator[str]:
        """What was deleted has a version that begins with a letter."""
        versions = f"{redis_prefix(self._cluster)}:rv:{side}:{plural}"
        for field, version in self._redis.hscan_iter(versions, count=CHUNK):
            if text(version)[:1].isdigit():
                yield text(field)

    def _resting(self, members: Sequence[str]) -> list[str]:
        return self._rest.resting(self._cluster, members)

    def _differing(self, members: Sequence[str]) -> list[str]:
        """Those, of one kind, that a reconcile would change something about. None while a worker
        wouldn't take them: what the kind's plans look at isn't complete in the store."""
        if not members:
            return []
        keys = [Key.from_member(self._cluster, member) for member in members]
        snapshots = self._reader.read(keys)
        standing = next((s for s in snapshots if isinstance(s, Snapshot)), None)
        kind = None
        if standing is not None:
            plural = keys[0].plural
            kind = self._session.kind_at(plural, standing.synced, standing.records)
        if kind is None:
            self.findings.all_agree = False
            return []
        pairs = zip(keys, snapshots, strict=True)
        return [key.member for key, snapshot in pairs if self._differs(kind, key, snapshot)]

    def _differs(self, kind: Kind, key: Key, snapshot: Snapshot | Exception) -> bool:
        """What can't be planned would fail in a worker too, which has told why."""
        if isinstance(snapshot, Exception):
            self.findings.all_agree = False
            return False
        watched = kind.sides(self._session.cluster)
        virtual = snapshot.virtual if "virtual" in watched else None
        host = snapshot.host if "host" in watched else None
        context = Context(self._session.cluster, snapshot.related, self._clock(), key.name)
        try:
            return drifted(kind, virtual, host, context)
        except Exception as error:
            _log.debug("pair not compared", key=str(key), error=type(error).__name__)
            self.findings.all_agree = False
            return False

    def _wake(self, members: Sequence[str]) -> None:
        woken = self._rest.wake(self._cluster, members)
        self.findings.woken += len(woken)
        for member in woken:
            _log.info("pair differs; reconciled again", cluster=self._cluster, key=member)
