"""What the fuzzers feed: one function for each sort of outside input.

A target takes any bytes, and raises only for a bug: every refusal that the product has for bad
input is caught here by its own type.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

from common.cluster import Cluster
from common.config import Config, load
from common.context import Context, Related
from common.errors import ConfigError, TohostError
from common.keys import Key
from common.kinds import REGISTRY, kinds_of
from common.kube.api import Lines, answer_error, parse_event, status_error
from common.objects import Obj, name_of
from common.rights import host_rights, virtual_rights
from common.workqueue import jobs
from tests.fuzz import seeds
from tests.fuzz.choices import Choices
from watchers.changes import change_of, is_named, newest
from watchers.odd import Odd
from watchers.streams import streams_of
from workers.plan import plan
from workers.reconcile import broken

Target = Callable[[bytes], None]
CLUSTER = Cluster(
    name="my-vcluster",
    host_namespace="vc-my-vcluster",
    enabled=frozenset(plural for plural, kind in REGISTRY.items() if kind.option),
)
STREAMS = tuple(streams_of([CLUSTER]))


def watch(data: bytes) -> None:
    """The bytes of a watch, in chunks of any size."""
    choices = Choices(data)
    kind = choices.one_of(("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "?"))
    plural, obj = choices.one_of(seeds.OBJECTS)
    event = {"type": kind, "object": choices.mutated(obj)}
    raw = choices.bent(orjson.dumps(event) + b"\n") * 2 + choices.take(64)
    lines, events = Lines(), []
    while raw:
        size = 1 + choices.below(1 + len(raw))
        chunk, raw = raw[:size], raw[size:]
        for line in lines.feed(chunk):
            try:
                events.append(parse_event(line))
            except ValueError:
                return
    for each, found in events:
        if each == "ERROR":
            assert isinstance(status_error("watch", found), TohostError)
    stored(plural, [event for event in events if event[0] != "ERROR"])


def stored(plural: str, events: list[tuple[str, Obj]]) -> None:
    """As an informer does it: an object that can't be understood is passed over."""
    for stream in (each for each in STREAMS if each.kind.plural == plural):
        odd = Odd(stream)
        for kind, obj in newest([event for event in events if is_named(event[1])]):
            try:
                deleted = kind == "DELETED"
                change = change_of(stream, orjson.loads(orjson.dumps(obj)), deleted, b"key")
            except Exception as error:
                odd.skip(obj, error)
                continue
            assert change is None or orjson.dumps(change.obj)


def objects(data: bytes) -> None:
    """Objects of all kinds with something odd in them, on both sides; what a plan can't make
    sense of costs a worker this one key."""
    choices = Choices(data)
    plural, obj = choices.one_of(seeds.OBJECTS)
    virtual, host = choices.mutated(obj), choices.one_of(seeds.OF_KIND[plural])
    kind, name = REGISTRY[plural], name_of(obj)
    context = Context(CLUSTER, Related(), 0.0, name)
    try:
        actions = plan(kind, virtual, choices.mutated(host) if choices.below(2) else None, context)
    except TohostError:
        return
    except Exception as error:
        outcome = broken(Key("my-vcluster", plural, "default", name), error)
        assert outcome.message
        return
    assert isinstance(actions, list)


def payloads(data: bytes) -> None:
    """RQ's job ids and payloads, as anybody may have written them into Redis."""
    choices = Choices(data)
    id_ = choices.bent(choices.one_of(seeds.JOB_IDS)).decode(errors="replace")
    payload = choices.bent(choices.one_of(seeds.PAYLOADS))
    key = jobs.key_of(id_)
    why = jobs.objection(key, choices.one_of(seeds.QUEUES), payload)
    if not why:
        assert key is not None
        assert jobs.job_id(key) == id_
    try:
        Key.from_member("v", id_)
    except ValueError:
        return


def answers(data: bytes) -> None:
    """Error answers of API servers, and of whatever stands between."""
    choices = Choices(data)
    raw = choices.bent(orjson.dumps(choices.mutated(seeds.STATUS)))
    code = choices.one_of((400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503, 999))
    headers = {"Retry-After": choices.take(8).decode(errors="replace")}
    assert isinstance(answer_error("host: GET /", code, raw, headers), TohostError)


def configuration(data: bytes) -> None:
    """tohost.yaml, and what is made of it before anything is connected."""
    choices = Choices(data)
    raw = choices.bent(choices.one_of(seeds.CONFIGS))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tohost.yaml"
        file.write_bytes(raw)
        try:
            config = load(file, {})
            made_of(config)
        except ConfigError:
            return


def made_of(config: Config) -> None:
    for virtual in config.virtual_clusters:
        assert kinds_of(virtual.cluster())
        assert virtual_rights(virtual.cluster())
    assert host_rights(config)


TARGETS: Mapping[str, Target] = {
    each.__name__: each for each in (watch, objects, payloads, answers, configuration)
}
