"""Messages as schedulers and kubelets write them, in the virtual cluster's words."""

import pytest

from common.cluster import Cluster, NamespaceRules
from common.event.message import OTHERS, Words, translate_message
from common.naming import hashed_host_name, host_name, host_name_cluster, host_namespace

PREFIXED, CLASSIC = Cluster("v", "h"), Cluster("v", "h", name_format="classic")
BOTH = pytest.mark.parametrize("cluster", [PREFIXED, CLASSIC], ids=["prefixed", "classic"])
HOST_UID, UID = "6f0c2f6e-0000-4000-8000-000000000001", "0e3a1c11-0000-4000-8000-00000000000a"


def told(cluster: Cluster, message: str, **names: tuple[str, str]) -> str:
    """`{web}` and the like in the message stand for host names in namespace `default`."""
    words = ("web", "login", "data", "settings")
    hosts = {word: host_name(cluster, "default", word) for word in words}
    known = {name.replace("_", "-"): value for name, value in names.items()}
    meaning = Words(cluster, "h", "default", known, {HOST_UID: UID})
    return translate_message(message.format(uid=HOST_UID, **hosts), meaning)


SAID = [
    ("Successfully assigned h/{web} to node-1", "Successfully assigned default/web to node-1"),
    (
        'MountVolume.SetUp failed for volume "files" : secret "{login}" not found',
        'MountVolume.SetUp failed for volume "files" : secret "login" not found',
    ),
    (
        'MountVolume.SetUp failed for volume "files" : object "h"/"{login}" not registered',
        'MountVolume.SetUp failed for volume "files" : object "default"/"login" not registered',
    ),
    (
        "Back-off restarting failed container main in pod {web}_h({uid})",
        f"Back-off restarting failed container main in pod web_default({UID})",
    ),
    (
        "0/3 nodes are available: persistentvolumeclaim {data} not found.",
        "0/3 nodes are available: persistentvolumeclaim data not found.",
    ),
    (
        "couldn't find key k in ConfigMap h/{settings}",
        "couldn't find key k in ConfigMap default/settings",
    ),
    (
        'configmaps "{settings}" is forbidden in the namespace "h"',
        'configmaps "settings" is forbidden in the namespace "default"',
    ),
    (
        "plugin failed: K8S_POD_NAMESPACE=h;K8S_POD_NAME={web};K8S_POD_UID={uid}",
        f"plugin failed: K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_UID={UID}",
    ),
    (
        "Get http://{web}.h.svc.cluster.local:80/: timeout",
        "Get http://web.default.svc.cluster.local:80/: timeout",
    ),
    ("{web}, {login}; ({data})", "web, login; (data)"),
]


@BOTH
@pytest.mark.parametrize(("message", "expected"), SAID)
def test_names_become_virtual(cluster: Cluster, message: str, expected: str) -> None:
    assert told(cluster, message) == expected


@BOTH
@pytest.mark.parametrize(
    "message",
    [
        "",
        "0/3 nodes are available: 3 Insufficient cpu.",
        'Pulling image "h/app:1.2"',
        "Created container h",
        "Started container web",
        "image registry.example.com/h/web@sha256:0123 is present",
        "/var/lib/h/web has no room",
        "pvc-6f0c2f6e-0000-4000-8000-000000000001 is bound",
        "a slice {web}-x7k2p was made",
        "pod other_h(1) went",
        "Größe: ein Umlaut",
        "namespace house, namespaces h-1 and h.x",
    ],
)
def test_everything_else_stays(cluster: Cluster, message: str) -> None:
    assert told(cluster, message) == message.format(web=host_name(cluster, "default", "web"))


@BOTH
def test_names_that_are_cut_are_known_from_what_the_object_refers_to(cluster: Cluster) -> None:
    hashed = hashed_host_name(cluster, "default", "web")
    words = Words(cluster, "h", "default", {hashed: ("default", "web")})
    assert translate_message(f"pod h/{hashed} failed", words) == "pod default/web failed"
    assert translate_message(f"pod {hashed} failed", Words(cluster, "h", "default")) == (
        f"pod {hashed} failed"
    )


@BOTH
def test_a_name_in_another_namespace_of_the_same_cluster_is_told_with_that(
    cluster: Cluster,
) -> None:
    message = f"preempted by h/{host_name(cluster, 'batch', 'job')}"
    assert told(cluster, message) == "preempted by batch/job"


def test_of_two_objects_with_one_host_name_the_nearer_is_meant() -> None:
    message = f"pod {host_name(CLASSIC, 'b-x-c', 'a')}"
    near = Words(CLASSIC, "h", "c"), Words(CLASSIC, "h", "b-x-c")
    assert [translate_message(message, words) for words in near] == ["pod a-x-b", "pod a"]
    assert translate_message(message, Words(CLASSIC, "h", "default")) == message


def test_what_was_translated_is_not_read_again() -> None:
    """A virtual name may look like a host name, as where virtual clusters are nested."""
    inner = "p-x-n-x-v"
    outer = host_name(CLASSIC, "default", inner)
    assert told(CLASSIC, f"pod {outer}") == f"pod {inner}"


@BOTH
@pytest.mark.parametrize("name_format", ["prefixed", "classic"])
def test_names_of_another_virtual_cluster_are_left_out(cluster: Cluster, name_format: str) -> None:
    other = Cluster("w", "h", name_format="classic" if name_format == "classic" else "prefixed")
    message = f"already used by pod(s) {host_name(other, 'private', 'db')}."
    assert told(cluster, message) == f"already used by pod(s) {OTHERS}."


def test_names_of_cluster_scoped_objects_become_virtual() -> None:
    message = f'storageclass "{host_name_cluster(PREFIXED, "fast")}" not found'
    assert told(PREFIXED, message) == 'storageclass "fast" not found'


def test_with_namespace_sync_only_the_namespace_changes() -> None:
    cluster = Cluster("v", "h", namespaces=NamespaceRules(exact={"default": "team"}))
    words = Words(cluster, "team", "default", {"web": ("default", "web")})
    said = "h/web, team/web, web_team(1), namespace team, team/app:1, team"
    assert translate_message(said, words) == (
        "h/web, default/web, web_default(1), namespace default, team/app:1, team"
    )


def test_a_host_namespace_that_cannot_be_anything_else_is_known_anywhere() -> None:
    cluster = Cluster("v", "h", namespaces=NamespaceRules())
    host = host_namespace(cluster, "shop")
    assert translate_message(f"gone: {host}", Words(cluster, host, "shop")) == "gone: shop"


def test_a_long_message_takes_no_longer_for_its_form() -> None:
    for part in ("a.", "a-", ".", "-", "a_", "h/", '"h"/"', "namespace "):
        message = part * 50_000
        assert translate_message(message, Words(PREFIXED, "h", "n"))
