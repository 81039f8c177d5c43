"""What the configuration changes in pods: images, tolerations, the hosts file."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.cluster import Cluster, PodOptions
from common.context import Context
from common.kinds import REGISTRY
from common.objects import Obj
from common.pod.images import image_rules, translate_image
from common.pod.tolerations import enforced, parse_toleration, with_missing


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("nginx", "m/library/nginx"),
        ("nginx:1.25@sha256:0", "m/library/nginx:1.25@sha256:0"),
        ("user/app", "m/user/app"),
        ("docker.io/nginx", "m/library/nginx"),
        ("docker.io/library/nginx", "m/library/nginx"),
        ("index.docker.io/user/app:2", "m/user/app:2"),
        ("localhost/app", "localhost/app"),
        ("registry:5000/app", "registry:5000/app"),
        ("docker.io.example.com/app", "docker.io.example.com/app"),
        ("quay.io/docker.io/app", "quay.io/docker.io/app"),
        ("", ""),
    ],
)
def test_docker_hub_is_where_bare_images_come_from(given: str, expected: str) -> None:
    rules = image_rules({"docker.io": "m"})
    assert translate_image(given, rules) == expected
    assert translate_image(given, image_rules({"index.docker.io/": "m/"})) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("gcr.io/my-repo", "docker.io/my-mirror"),
        ("gcr.io/my-repo/app", "docker.io/my-mirror/app"),
        ("gcr.io/my-repo:1", "docker.io/my-mirror:1"),
        ("gcr.io/my-repo@sha256:0", "docker.io/my-mirror@sha256:0"),
        ("gcr.io/my-repository", "gcr.io/my-repository"),
        ("gcr.io/my-repo.old/app", "gcr.io/my-repo.old/app"),
        ("eu.gcr.io/my-repo", "eu.gcr.io/my-repo"),
    ],
)
def test_a_match_ends_at_a_separator_or_with_the_image(given: str, expected: str) -> None:
    assert (
        translate_image(given, image_rules({"gcr.io/my-repo": "docker.io/my-mirror"})) == expected
    )


def test_the_rule_that_leaves_least_over_wins() -> None:
    rules = {"docker.io": "hub", "docker.io/library": "official", "nginx": "own", "nginx:1": "one"}
    found = [
        translate_image(each, image_rules(rules)) for each in ("nginx:1", "nginx:2", "busybox")
    ]
    assert found == ["one", "own:2", "official/busybox"]


def test_a_replaced_image_is_not_replaced_again() -> None:
    rules = image_rules({"gcr.io": "quay.io/gcr", "quay.io": "mirror"})
    assert translate_image("gcr.io/app", rules) == "quay.io/gcr/app"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b:NoSchedule", {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}),
        ("a:NoExecute", {"key": "a", "operator": "Exists", "effect": "NoExecute"}),
        ("a=:NoSchedule", {"key": "a", "operator": "Equal", "effect": "NoSchedule"}),
        (":PreferNoSchedule", {"operator": "Exists", "effect": "PreferNoSchedule"}),
        ("*", {"operator": "Exists"}),
        ("x.y/a", {"key": "x.y/a", "operator": "Exists"}),
        ("a=b", {"key": "a", "operator": "Equal", "value": "b"}),
    ],
)
def test_tolerations_as_people_write_them(text: str, expected: Obj) -> None:
    assert parse_toleration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "a:",
        "=b:NoSchedule",
        "a=b=c:NoSchedule",
        "a:Never",
        "a b:NoSchedule",
        "/a:NoExecute",
    ],
)
def test_what_is_no_toleration_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write key=value:Effect, key:Effect for any value"):
        parse_toleration(text)


def test_a_toleration_that_is_there_is_not_added_however_it_is_spelled() -> None:
    own = [{"key": "a", "value": "", "effect": "NoSchedule", "tolerationSeconds": 5}]
    assert enforced(own, [parse_toleration("a=:NoSchedule")]) == own
    assert enforced(None, [parse_toleration("*")]) == [{"operator": "Exists"}]
    assert with_missing(own, enforced(own, [parse_toleration("a=:NoSchedule")])) is None


def host_pod(spec: Obj, **options: Any) -> Any:
    cluster = Cluster("v", "h", pods=PodOptions(hosts_image="alpine", **options))
    own = {"containers": [{"name": "c", "image": "i"}], **spec}
    virtual = {"metadata": {"name": "web-0", "namespace": "ns"}, "spec": own}
    return REGISTRY["pods"].translate(virtual, Context(cluster))["spec"]


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::12ab"])
def test_the_full_name_is_written_into_the_hosts_file(tmp_path: Path, address: str) -> None:
    (tmp_path / "hosts").write_text(
        f"127.0.0.1\tlocalhost\n{address}\tweb-0\n10.9.9.9\tweb-00\n10.9.9.8\tkubernetes\n"
    )
    writer = host_pod({"subdomain": "web"})["initContainers"][0]
    script = writer["args"][1].replace("/hosts/hosts", f"{tmp_path}/new")
    script = script.replace("/etc/hosts", f"{tmp_path}/hosts")
    subprocess.run([*writer["command"], "-c", script], check=True)
    assert (tmp_path / "new").read_text().splitlines() == [
        "127.0.0.1\tlocalhost",
        f"{address}\t web-0.web.ns.svc.cluster.local web-0",
        "10.9.9.9\tweb-00",
        "10.9.9.8\tkubernetes",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"subdomain": ""},
        {"subdomain": "web", "hostNetwork": True},
        {"subdomain": "web", "hostnameOverride": "own"},
        {"subdomain": "web", "os": {"name": "windows"}},
    ],
)
def test_other_pods_keep_the_hosts_file_of_the_kubelet(spec: Obj) -> None:
    assert "initContainers" not in host_pod(spec)
    assert "volumes" not in host_pod(spec)


def test_the_writer_is_not_taken_for_one_of_the_pods_own() -> None:
    spec = {"subdomain": "web", "volumes": [{"name": "vcluster-rewrite-hosts", "emptyDir": {}}]}
    made = host_pod(spec)
    assert [each["name"] for each in made["volumes"]] == [
        "vcluster-rewrite-hosts",
        "vcluster-rewrite-hosts-x",
    ]
    assert made["containers"][0]["volumeMounts"][0]["name"] == "vcluster-rewrite-hosts-x"
