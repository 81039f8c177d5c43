"""`sync.fromHost.events`, from the file to what is watched."""

from pathlib import Path

import pytest

from common.config import load
from common.kinds import REGISTRY
from watchers.streams import Stream, streams_of

CONFIG = "virtualClusters:\n- name: v\n  hostNamespace: h\n  sync: {sync}\n"


def event_streams(folder: Path, sync: str) -> list[Stream]:
    file = folder / "tohost.yaml"
    file.write_text(CONFIG.format(sync=sync))
    clusters = [each.cluster() for each in load(file, {}).virtual_clusters]
    return [stream for stream in streams_of(clusters) if stream.kind.plural == "events"]


@pytest.mark.parametrize(
    "sync", ["{}", "{fromHost: {events: {enabled: true}}}", "{fromHost: {events: {enabled: auto}}}"]
)
def test_events_are_watched_on_the_host_alone(tmp_path: Path, sync: str) -> None:
    [stream] = event_streams(tmp_path, sync)
    assert stream.side == "host"
    assert stream.path == "/api/v1/namespaces/h/events"
    assert stream.params == {}


def test_events_are_not_watched_when_that_is_switched_off(tmp_path: Path) -> None:
    assert event_streams(tmp_path, "{fromHost: {events: {enabled: false}}}") == []


def test_with_namespace_sync_events_of_all_namespaces_are_watched(tmp_path: Path) -> None:
    [stream] = event_streams(tmp_path, "{toHost: {namespaces: {enabled: true}}}")
    assert stream.path == "/api/v1/events"


def test_events_have_no_switch_of_their_own_below_to_host() -> None:
    assert REGISTRY["events"].option == ""
    assert not REGISTRY["events"].virtual_watched
