"""Bad configurations: one line for each problem, with the path and what to write."""

from pathlib import Path

import pytest

from common.config import load
from common.errors import ConfigError

A = "virtualClusters:\n- name: a\n  hostNamespace: vc-a\n"


def problems(
    folder: Path, text: str, environ: dict[str, str] | None = None, *, check: bool = False
) -> list[str]:
    """The lines of the error, without the folder."""
    file = folder / "tohost.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environ or {}, check_kubeconfigs=check)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            A + "  sync: {toHost: {pods: {enabeld: true}}}",
            'virtualClusters[0].sync.toHost.pods.enabeld: unknown key; write "enabled"',
        ),
        (
            A + "  sync: {toHost: {ingress: {}}}",
            'virtualClusters[0].sync.toHost.ingress: unknown key; write "ingresses"',
        ),
        (
            A + "  sync: {pods: {}}",
            "virtualClusters[0].sync.pods: unknown key; known here: toHost, fromHost",
        ),
        (
            A + "  sync: {toHost: {customResources: {a.b: {scop: x}}}}",
            'virtualClusters[0].sync.toHost.customResources["a.b"].scop: unknown key; '
            'write "scope"',
        ),
        (
            A + "  host_namespace: x",
            'virtualClusters[0].host_namespace: unknown key; write "hostNamespace"',
        ),
        (
            A + "  weight: heavy",
            'virtualClusters[0].weight: is "heavy"; this must be a whole number, without quotes',
        ),
        (
            A + "  sync: {toHost: {secrets: {all: 'yes'}}}",
            'virtualClusters[0].sync.toHost.secrets.all: is "yes"; this must be true or false, '
            "without quotes",
        ),
        (
            A + "  sync: {toHost: {pods: []}}",
            "virtualClusters[0].sync.toHost.pods: is a list; this must be a map; "
            'write lines of the form "key: value"',
        ),
        (
            "virtualClusters: {name: a}",
            'virtualClusters: is a map; this must be a list; write lines that begin with "- "',
        ),
        (
            A + "  naming: {format: classical}",
            "virtualClusters[0].naming.format: is \"classical\"; write 'prefixed' or 'classic'",
        ),
        (
            A + "  sync: {toHost: {pods: {rewriteHosts: {initContainer: {image: {tag: 3.20}}}}}}",
            "virtualClusters[0].sync.toHost.pods.rewriteHosts.initContainer.image.tag: is 3.2; "
            "this must be text; write it in quotes",
        ),
        (
            "virtualClusters:\n- name: My_Cluster\n  hostNamespace: vc-a\n",
            'virtualClusters[0].name: "My_Cluster" is not a DNS label (at most 63 lower-case '
            'letters, digits and dashes); write for example "my-cluster"',
        ),
        (
            "virtualClusters:\n- name: a\n",
            'virtualClusters[0].hostNamespace: is missing; write "hostNamespace: ..."',
        ),
        (
            "virtualClusters: []",
            'virtualClusters: is empty; write at least one virtual cluster: "- name: my-vcluster"',
        ),
        ("redis: {}", 'virtualClusters: is missing; write "virtualClusters: ..."'),
        (
            A + "- name: a\n  hostNamespace: vc-a\n",
            'virtualClusters[1].name: "a" in host namespace "vc-a" is virtualClusters[0] already; '
            "remove one, or write another name",
        ),
        (
            A + "- name: a\n  hostNamespace: vc-b\n",
            'virtualClusters[1].name: virtualClusters[0] is called "a" already; write another name',
        ),
        (
            "redis: {url: localhost:6379}\n" + A,
            'redis.url: "localhost:6379" is not a Redis URL; write for example '
            '"redis://localhost:6379/0"',
        ),
        (
            "host: {owner: {kind: Service}}\n" + A,
            "host.owner: is incomplete; write apiVersion, kind and name, or leave it out",
        ),
        (
            A + "  networking: {apiServiceIP: 10.0.0.256}",
            'virtualClusters[0].networking.apiServiceIP: "10.0.0.256" is not an IP address; '
            'write for example "10.96.0.1"',
        ),
        (
            A + "  networking: {dnsService: kube-dns}",
            'virtualClusters[0].networking.dnsService: "kube-dns" names no Service; '
            'write its namespace and name: "kube-system/dns"',
        ),
        (
            A + "  values: v.yaml\n  sync: {}",
            "virtualClusters[0].sync: is there beside values; write it in the values file, "
            "or leave values out",
        ),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what_to_write(
    tmp_path: Path, text: str, line: str
) -> None:
    (tmp_path / "v.yaml").write_text("sync: {}")
    assert problems(tmp_path, text) == [f"tohost.yaml: {line}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 'tohost.yaml: is empty; write at least "virtualClusters:" and a list of them'),
        (
            "- a",
            "tohost.yaml: holds a list where a map is due; "
            'write at least "virtualClusters:" and a list of them',
        ),
        ("a: b: c", "tohost.yaml:1: is not valid YAML: mapping values are not allowed here"),
        (
            "host: {}\nhost: {}",
            'tohost.yaml:2: is not valid YAML: the key "host" is there twice; write it once',
        ),
    ],
)
def test_a_file_that_is_no_map_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert problems(tmp_path, text) == [line]


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    text = "redis: {ulr: x}\n" + A + "  weight: 0\n  sync: {toHost: {pods: {all: true}}}"
    lines = problems(tmp_path, text, {"TOHOST_REDIS__HOST": "x"})
    assert len(lines) == 4


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; write"):
        load(tmp_path / "tohost.yaml", {})


def test_no_file_at_all_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--config or TOHOST_CONFIG"):
        load(None, {})


def test_problems_in_a_values_file_name_that_file(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("sync: {toHost: {pods: {enabled: 1}}}\nsnyc: {}\n")
    assert problems(tmp_path, A + "  values: v.yaml") == [
        'v.yaml: snyc: unknown key; write "sync"',
        "v.yaml: sync.toHost.pods.enabled: is 1; this must be true or false, without quotes",
    ]


def test_a_missing_values_file_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, A + "  values: v.yaml") == [
        "tohost.yaml: virtualClusters[0].values: v.yaml is no file; "
        "write the path of a vCluster values.yaml"
    ]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("TOHOST_REDIS__ULR", "x", 'TOHOST_REDIS__ULR: no such setting; write "URL"'),
        (
            "TOHOST_VIRTUAL_CLUSTERS__A__WEIGHT",
            "x",
            'TOHOST_VIRTUAL_CLUSTERS__A__WEIGHT: is "x"; '
            "this must be a whole number, without quotes",
        ),
        (
            "TOHOST_VIRTUAL_CLUSTERS__B__WEIGHT",
            "1",
            'TOHOST_VIRTUAL_CLUSTERS__B__WEIGHT: "B" is no place in that list; '
            "write a number from 0, or a name",
        ),
        (
            "TOHOST_LOGS__LEVEL",
            "loud",
            "TOHOST_LOGS__LEVEL: is \"loud\"; write 'debug', 'info', 'warning' or 'error'",
        ),
        (
            "TOHOST_HEALTH__PORT",
            "{",
            "TOHOST_HEALTH__PORT: value:1: is not valid YAML: "
            "expected the node content, but found '<stream end>'",
        ),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, line: str) -> None:
    assert problems(tmp_path, A, {variable: value}) == [line]


def test_unreadable_kubeconfigs_are_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_text("apiVersion: v1\nkind: Config\n")
    text = (
        "host: {kubeconfig: missing}\n" + A + "  kubeconfig: text\n"
        "- {name: b, hostNamespace: vc-b, kubeconfig: empty}\n"
        "- {name: c, hostNamespace: vc-c}\n"
        "- {name: d, hostNamespace: vc-d, kubeconfig: .}\n"
    )
    assert problems(tmp_path, text, check=True) == [
        "tohost.yaml: host.kubeconfig: missing: no such file; write a kubeconfig there",
        "tohost.yaml: virtualClusters[0].kubeconfig: text: holds a single value where a map is "
        "due; write a kubeconfig",
        "tohost.yaml: virtualClusters[1].kubeconfig: empty has no contexts; "
        "write the path of a kubeconfig",
        "tohost.yaml: virtualClusters[2].kubeconfig: is missing; write the path of its kubeconfig",
        f"tohost.yaml: virtualClusters[3].kubeconfig: {tmp_path}: can't be read: Is a directory; "
        "write a kubeconfig there",
    ]


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("contexts: [{name: one}, {name: two}]\n")
    text = "host: {kubeconfig: k}\n" + A + "  kubeconfig: k\n  context: three\n"
    assert problems(tmp_path, text, check=True) == [
        "tohost.yaml: host.context: k has no current-context; write one of: one, two",
        'tohost.yaml: virtualClusters[0].context: k has no "three"; write one of: one, two',
    ]


def test_a_kubeconfig_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("contexts: [{name: one}]\ncurrent-context: two\n")
    (tmp_path / "parts").write_text(
        "contexts: [{name: one, context: {cluster: c, user: u}}]\ncurrent-context: one\n"
        "clusters: [{name: c, cluster: {server: x, certificate-authority: ca.crt}}]\n"
    )
    text = "host: {kubeconfig: gone}\n" + A + "  kubeconfig: parts\n"
    place = 'tohost.yaml: virtualClusters[0].kubeconfig: parts: context "one"'
    assert problems(tmp_path, text, check=True) == [
        'tohost.yaml: host.context: gone has no "two"; write one of: one',
        f"{place}: certificate-authority: ca.crt is no file; write the path of one",
        f'{place}: there is no user "u"; write it, or another context',
    ]


def test_the_same_virtual_cluster_twice_is_refused(tmp_path: Path) -> None:
    text = A + "  kubeconfig: k\n- {name: b, hostNamespace: vc-b, kubeconfig: k}\n"
    assert problems(tmp_path, text) == [
        "tohost.yaml: virtualClusters[1].kubeconfig: is the virtual cluster of "
        "virtualClusters[0] already; remove one, or write another kubeconfig or context"
    ]


@pytest.mark.parametrize("name", ["b-x-a", "x-a"])
def test_names_that_end_in_each_others_cannot_share_a_host_namespace(
    tmp_path: Path, name: str
) -> None:
    [line] = problems(tmp_path, A + f"- name: {name}\n  hostNamespace: vc-a\n")
    assert line.startswith(f'tohost.yaml: virtualClusters[1].name: host names of "{name}" could be')
    apart = tmp_path / "apart.yaml"
    apart.write_text(A + f"- name: {name}\n  hostNamespace: vc-b\n")
    assert len(load(apart, {}).virtual_clusters) == 2


def test_a_path_of_a_user_that_is_not_there_is_told(tmp_path: Path) -> None:
    lines = problems(tmp_path, A + "  kubeconfig: ~no-such-user/config", check=True)
    assert any("~no-such-user/config" in line for line in lines)
