"""Whatever an API server shows, a stream goes on: an odd object costs only itself."""

import asyncio
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from common.cluster import Cluster
from common.kind import Kind
from common.kinds import REGISTRY
from common.metadata import KIND, MANAGED_BY, NAME, NAMESPACE, UID
from common.naming import host_name
from common.objects import Obj, field_of
from common.store import Store
from common.workqueue import WorkQueue
from sandbox.redis import RedisServer
from tests.property.examples import law
from tests.property.kinds import KINDS
from watchers.informer import Informer
from watchers.streams import Stream, streams_of

CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY), events=True)
STREAMS = list(streams_of([CLUSTER]))
KEPT = ("name", "namespace", "uid", "resourceVersion")
WORDS = st.sampled_from(["", "a", "name", "metadata", "labels", "spec", "true", "\n", "é\u2028"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def odd(draw: st.DrawFn, stream: Stream) -> Obj:
    """An object of the stream's kind with anything in some of its places."""
    usual = KINDS.get(stream.kind.plural)
    obj = copy.deepcopy(draw(usual)) if usual is not None else {"metadata": {}}
    if stream.side == "host":
        obj = as_ours(stream.kind, obj)
    for part in draw(st.sets(st.sampled_from(["spec", "status", "data", "type", "roleRef"]))):
        obj[part] = draw(JSON)
    for _ in range(draw(st.integers(0, 4))):
        replace_somewhere(draw, obj)
    return obj


def as_ours(kind: Kind, obj: Obj) -> Obj:
    metadata = {
        "name": host_name(CLUSTER, "default", "a", kind.plural),
        "namespace": "h",
        "labels": {MANAGED_BY: "v", NAMESPACE: "default"},
        "annotations": {NAME: "a", NAMESPACE: "default", UID: "u", KIND: kind.kind_annotation},
    }
    return {**obj, "metadata": metadata}


def replace_somewhere(draw: st.DrawFn, obj: Any) -> None:
    """Put anything in one place of it, however deep."""
    while isinstance(obj, dict | list) and obj:
        places = list(obj) if isinstance(obj, dict) else list(range(len(obj)))
        place = draw(st.sampled_from(places))
        if draw(st.booleans()) and isinstance(obj[place], dict | list):
            obj = obj[place]
        else:
            obj[place] = draw(JSON)
            return


async def shown(redis: Redis, stream: Stream, *objects: Obj) -> set[str]:
    """What the store has when these were listed, seen to change, and the first one to end."""
    redis.flushall()
    store, queue = Store(redis), WorkQueue(redis, {"v": 1})

    async def nothing(kind: Kind, namespace: str, name: str) -> Obj:
        raise AssertionError("nothing is looked for")

    informer = Informer(stream, store, queue, b"key", lambda: True, nothing)
    writing = asyncio.create_task(informer.run())
    await informer.list_started()
    await informer.listed(copy.deepcopy(list(objects)), "10")
    await informer.list_done("10")
    await informer.events([("MODIFIED", at(each, "11")) for each in objects])
    await informer.events([("DELETED", at(objects[0], "12"))])
    while store.stream("v", stream.side, stream.kind.plural)[1] != "12":
        assert not writing.done(), writing.exception()
        await asyncio.sleep(0)
    writing.cancel()
    return set(store.versions("v", stream.side, stream.kind.plural))


def at(obj: Obj, version: str) -> Obj:
    result = copy.deepcopy(obj)
    result["metadata"]["resourceVersion"] = version
    return result


def placed(stream: Stream, obj: Obj, name: str) -> Obj:
    """With the parts of the metadata that every server sees to."""
    found: Any = obj.get("metadata")
    metadata: Obj = {**(found if isinstance(found, dict) else {}), "resourceVersion": "5"}
    metadata |= {"uid": name, "namespace": "h" if stream.side == "host" else "default"}
    if not stream.kind.namespaced:
        del metadata["namespace"]
    if stream.side == "virtual" or not metadata.get("name"):
        metadata["name"] = name
    return {**obj, "metadata": metadata}


@pytest.mark.parametrize("side", ["virtual", "host"])
@law
@given(data=st.data())
def test_a_stream_goes_on_past_objects_that_hold_anything_anywhere(
    redis_server: RedisServer, side: str, data: st.DataObject
) -> None:
    stream = data.draw(st.sampled_from([each for each in STREAMS if each.side == side]))
    strange = [placed(stream, data.draw(odd(stream)), f"strange-{n}") for n in range(3)]
    fine = placed(stream, {}, "fine")
    with Redis.from_url(redis_server.url) as redis:
        kept = asyncio.run(shown(redis, stream, *strange, fine))
    assert side == "host" or field_of(fine) in kept
