"""The options of pods in the configuration."""

from pathlib import Path

import pytest

from common.cluster import PodOptions
from common.config import load
from common.errors import ConfigError

ONE = "virtualClusters:\n- {name: my-vcluster, hostNamespace: h, kubeconfig: k, values: v.yaml}\n"


def options(folder: Path, pods: str) -> PodOptions:
    (folder / "tohost.yaml").write_text(ONE)
    (folder / "v.yaml").write_text(f"sync: {{toHost: {{pods: {pods}}}}}\n")
    return load(folder / "tohost.yaml", {}).virtual_clusters[0].cluster().pods


def test_nothing_is_changed_by_default(tmp_path: Path) -> None:
    assert options(tmp_path, "{}") == PodOptions()


def test_the_options_of_the_seed(tmp_path: Path) -> None:
    made = options(
        tmp_path,
        '{translateImage: {"gcr.io/my-repo": "docker.io/my-mirror"},'
        ' enforceTolerations: ["node.kubernetes.io/special=:NoSchedule"],'
        " runtimeClassName: kata, priorityClassName: high-priority, useSecretsForSATokens: true,"
        " rewriteHosts: {enabled: true, initContainer: {image: {registry: mirror.gcr.io,"
        ' repository: library/alpine, tag: "3.20"}}}}',
    )
    special = {"key": "node.kubernetes.io/special", "operator": "Equal", "effect": "NoSchedule"}
    assert made == PodOptions(
        images={"gcr.io/my-repo": "docker.io/my-mirror"},
        tolerations=(special,),
        runtime_class="kata",
        priority_class="high-priority",
        secrets_for_tokens=True,
        hosts_image="mirror.gcr.io/library/alpine:3.20",
        hosts_resources={
            "requests": {"cpu": "30m", "memory": "64Mi"},
            "limits": {"cpu": "30m", "memory": "64Mi"},
        },
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("", "library/alpine:3.20"),
        ("image: {registry: r.example.com/}", "r.example.com/library/alpine:3.20"),
        ("image: {repository: a/b, tag: ''}", "a/b"),
        ("image: {tag: '3.21'}", "library/alpine:3.21"),
        ("image: 'r.example.com/alpine@sha256:0'", "r.example.com/alpine@sha256:0"),
        ("image: ''", "library/alpine:3.20"),
    ],
)
def test_the_image_that_writes_hosts_files(tmp_path: Path, image: str, expected: str) -> None:
    made = options(tmp_path, f"{{rewriteHosts: {{enabled: true, initContainer: {{{image}}}}}}}")
    assert made.hosts_image == expected


def test_that_image_is_translated_unless_its_registry_is_given(tmp_path: Path) -> None:
    rules = "translateImage: {docker.io: mirror, r.example.com: mirror}"
    both = [
        options(tmp_path, f"{{{rules}, rewriteHosts: {{enabled: true, initContainer: {each}}}}}")
        for each in ("{}", "{image: {registry: r.example.com}}")
    ]
    images = [made.hosts_image for made in both]
    assert images == ["mirror/library/alpine:3.20", "r.example.com/library/alpine:3.20"]


@pytest.mark.parametrize(
    ("pods", "line"),
    [
        (
            '{enforceTolerations: ["*", "a:Sometimes"]}',
            'enforceTolerations[1]: "a:Sometimes" has an unknown effect; write key=value:Effect,',
        ),
        (
            "{translateImage: {'https://gcr.io': m}}",
            'translateImage: "https://gcr.io" is no part of an image; write a registry',
        ),
        ("{translateImage: {gcr.io: ''}}", 'translateImage: "" is no part of an image; write'),
        (
            "{translateImage: {docker.io: a, index.docker.io/: b}}",
            "translateImage: says two things of one registry or image; write one of them",
        ),
        ("{priorityClassName: High}", 'priorityClassName: "High" is no name of a class'),
        ("{runtimeClassName: a_b}", 'runtimeClassName: "a_b" is no name of a class'),
        (
            "{rewriteHosts: {initContainer: {resources: {limits: {cpu: much}}}}}",
            'rewriteHosts.initContainer.resources.limits.cpu: "much" is no quantity; write',
        ),
        (
            "{rewriteHosts: {initContainer: {resources: {request: {}}}}}",
            'rewriteHosts.initContainer.resources.request: unknown key; write "requests"',
        ),
        (
            "{rewriteHosts: {initContainer: {resources: {limits: {cpu: 1}, requests: {cpu: 2}}}}}",
            "rewriteHosts.initContainer.resources: requests more cpu than its limit; write",
        ),
        ("{rewriteHost: {}}", 'rewriteHost: unknown key; write "rewriteHosts"'),
    ],
)
def test_problems_name_their_place_and_what_to_write(tmp_path: Path, pods: str, line: str) -> None:
    with pytest.raises(ConfigError) as error:
        options(tmp_path, pods)
    assert f"v.yaml: sync.toHost.pods.{line}" in str(error.value)


def test_hybrid_scheduling_is_noted_as_not_supported(tmp_path: Path) -> None:
    options(tmp_path, "{hybridScheduling: {enabled: true, hostSchedulers: [s]}}")
    assert load(tmp_path / "tohost.yaml", {}).notes == (
        "my-vcluster: sync.toHost.pods.hybridScheduling: not yet supported, ignored",
    )
