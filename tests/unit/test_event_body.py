"""What of a host Event is stored and told; how it's put is in tests/vectors/events."""

from typing import Any

from common.cluster import Cluster
from common.context import Context, Related
from common.event.body import event_name, trimmed, virtual_event
from common.kinds import REGISTRY
from common.naming import token_secret_name
from common.objects import Obj

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods"}))
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "n", "uid": "u"}}


def event(message: str, **fields: Any) -> Obj:
    about = {"kind": "Pod", "namespace": "h", "name": "v-n-web-x-n-x-v", "uid": "host-uid"}
    return {"metadata": {"name": "e.1"}, "involvedObject": about, "message": message, **fields}


def message_of(host_event: Obj) -> str:
    told: str = virtual_event(host_event, POD, Context(CLUSTER, Related()))["message"]
    return told


def test_only_what_is_needed_of_an_event_is_stored() -> None:
    metadata = {"name": "e", "namespace": "h", "resourceVersion": "7", "uid": "u", "labels": {}}
    whole = event("hello", metadata=metadata, count=2, series=None, related={"kind": "Node"})
    stored = REGISTRY["events"].stored(whole, b"")
    assert stored == trimmed(whole)
    assert stored["metadata"] == {"name": "e", "namespace": "h", "resourceVersion": "7"}
    assert (stored["message"], stored["count"]) == ("hello", 2)
    assert not {"series", "related"} & stored.keys()


def test_a_message_is_cut_where_the_api_server_would_refuse_it() -> None:
    """That counts bytes; no letter is cut in two."""
    long = "é" * 600
    told = message_of(event(long, eventTime="2026-01-01T00:00:00.000001Z"))
    assert told.startswith("éé")
    assert told.endswith("é...")
    assert 1000 < len(told.encode()) <= 1024
    assert message_of(event(long)) == long


def test_the_secret_that_tohost_made_for_tokens_is_told_in_short() -> None:
    name = token_secret_name(CLUSTER, "n", "web")
    assert message_of(event(f'secret "{name}" not found')) == 'secret "web-sa-tokens" not found'


def test_an_event_without_a_message_is_told_without() -> None:
    told = virtual_event(trimmed(event("")), POD, Context(CLUSTER, Related()))
    assert "message" not in told


def test_the_time_in_an_events_name_stays() -> None:
    assert event_name("v-n-web-x-n-x-v.17a3f0c2b1", "v-n-web-x-n-x-v", "web") == "web.17a3f0c2b1"


def test_other_names_of_events_become_a_digest_of_their_own() -> None:
    names = ["odd", "odd.er", "v-n-web-x-n-x-v.not.a.time", "v-n-web-x-n-x-v"]
    made = {event_name(name, "v-n-web-x-n-x-v", "web") for name in names}
    assert len(made) == len(names)
    assert all(name.startswith("web.") for name in made)


def test_a_name_that_gets_too_long_is_cut_before_its_suffix() -> None:
    made = event_name("host.17a3f0c2b1", "host", "x" * 236 + "." + "y" * 10)
    assert len(made) <= 253
    assert ".." not in made
