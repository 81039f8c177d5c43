"""Reading good configurations: files, values files, environment, and what becomes of them."""

from pathlib import Path

import pytest

from common.cluster import Cluster
from common.config import Config, load
from common.config.environment import variables

ONE = """
virtualClusters:
- name: my-vcluster
  hostNamespace: vc-my-vcluster
"""
DEFAULT_KINDS = {
    "configmaps",
    "endpoints",
    "endpointslices",
    "persistentvolumeclaims",
    "pods",
    "secrets",
    "services",
}


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    file = tmp_path / "tohost.yaml"
    file.write_text(text)
    return load(file, environ or {})


def cluster(config: Config) -> Cluster:
    return config.virtual_clusters[0].cluster()


def test_a_name_and_a_host_namespace_are_enough(tmp_path: Path) -> None:
    config = read(tmp_path, ONE)
    assert config.notes == ()
    assert config.redis.url == "redis://localhost:6379/0"
    assert cluster(config) == Cluster(
        name="my-vcluster",
        host_namespace="vc-my-vcluster",
        enabled=frozenset(DEFAULT_KINDS),
    )


def test_a_kind_can_be_switched_off(tmp_path: Path) -> None:
    config = read(tmp_path, ONE + "  sync: {toHost: {endpoints: {enabled: false}}}")
    assert cluster(config).enabled == DEFAULT_KINDS - {"endpoints"}


def test_all_of_a_selective_kind_can_be_asked_for(tmp_path: Path) -> None:
    config = read(tmp_path, ONE + "  sync: {toHost: {secrets: {all: true}}}")
    assert cluster(config).all_objects == {"secrets"}


def test_naming_networking_and_tokens_reach_translation(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        ONE + "  naming: {format: classic}\n"
        "  networking: {apiServiceIP: 10.0.0.1, dnsServiceIP: 10.0.0.2, clusterDomain: x.y}\n"
        "  workloadServiceAccount: work\n"
        "  sync: {toHost: {pods: {useSecretsForSATokens: true}}}\n",
    )
    made = cluster(config)
    assert (made.name_format, made.cluster_domain) == ("classic", "x.y")
    assert (made.api_service_ip, made.dns_service_ip) == ("10.0.0.1", "10.0.0.2")
    assert (made.workload_service_account, made.pods.secrets_for_tokens) == ("work", True)


def test_configured_addresses_win_over_those_found(tmp_path: Path) -> None:
    config = read(tmp_path, ONE + "  networking: {apiServiceIP: 10.0.0.1}")
    made = config.virtual_clusters[0].cluster(api_service_ip="10.9.9.9", dns_service_ip="10.9.9.8")
    assert (made.api_service_ip, made.dns_service_ip) == ("10.0.0.1", "10.9.9.8")


def test_the_cluster_domain_of_vcluster_is_understood(tmp_path: Path) -> None:
    config = read(tmp_path, ONE + "  networking: {advanced: {clusterDomain: a.b}}")
    assert cluster(config).cluster_domain == "a.b"


def test_keys_with_nothing_behind_them_count_as_not_written(tmp_path: Path) -> None:
    assert read(tmp_path, ONE + "  sync:\n    toHost:\n      pods:\n").notes == ()


def test_relative_paths_are_meant_from_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, "host: {kubeconfig: h.yaml}\n" + ONE + "  kubeconfig: sub/v.yaml")
    assert config.host.kubeconfig == str(tmp_path / "h.yaml")
    assert config.virtual_clusters[0].kubeconfig == str(tmp_path / "sub" / "v.yaml")


def test_a_values_file_is_read_and_inline_networking_wins_over_it(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(
        "sync: {toHost: {configMaps: {all: true}}}\n"
        "networking: {advanced: {clusterDomain: from.values}}\n"
        "controlPlane: {distro: {}}\n"
    )
    config = read(tmp_path, ONE + "  values: v.yaml\n  networking: {clusterDomain: from.config}\n")
    assert cluster(config).all_objects == {"configmaps"}
    assert cluster(config).cluster_domain == "from.config"
    assert config.notes == (f"{tmp_path}/v.yaml: controlPlane: not a setting of tohost, ignored",)


def test_what_is_not_yet_supported_is_named(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        ONE + "  sync:\n    toHost:\n"
        "      pods: {translateImage: {a: b}, hybridScheduling: {enabled: true}}\n"
        "      services: {patches: [{path: spec.type, expression: value}]}\n"
        "      ingresses: {enabled: true}\n"
        "      storageClasses: {enabled: false}\n"
        "      customResources: {certs.example.com: {enabled: true}}\n"
        "    fromHost: {events: {patches: [{path: reason}]}, nodes: {enabled: true}}\n",
    )
    assert config.notes == tuple(
        f"my-vcluster: {path}: not yet supported, ignored"
        for path in (
            "sync.toHost.pods.hybridScheduling",
            "sync.fromHost.events.patches",
            "sync.fromHost.nodes",
        )
    )


def test_every_option_of_the_schema_is_accepted(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        ONE + "  sync:\n    toHost:\n"
        "      namespaces: {enabled: true, mappingsOnly: true, mappings: {byName: {a-*: b-*}},"
        " extraLabels: {team: a}}\n"
        "      pods: {rewriteHosts: {initContainer: {image: alpine:3.20, resources: {limits: {cpu:"
        " 1}}}}, hybridScheduling: {enabled: true, hostSchedulers: [s]}}\n"
        "      resourceClaims: {enabled: true}\n"
        "      volumeSnapshotContents: {enabled: true, patches: [{path: a, reference: {"
        "kind: Secret, namePath: name, namespacePath: namespace}}]}\n"
        "      customResources: {a.b: {scope: Cluster, references: [{path: spec.name,"
        " kind: Namespace}]}}\n"
        "    fromHost: {storageClasses: {enabled: auto}, nodes: {selector: {all: true}}}\n",
    )
    assert len(config.notes) == 2


@pytest.mark.parametrize("step", ["0", "MY_VCLUSTER", "my-vcluster"])
def test_a_variable_names_its_virtual_cluster_by_place_or_by_name(
    tmp_path: Path, step: str
) -> None:
    environ = {f"TOHOST_VIRTUAL_CLUSTERS__{step}__SYNC__TO_HOST__CONFIG_MAPS__ALL": "true"}
    assert cluster(read(tmp_path, ONE, environ)).all_objects == {"configmaps"}


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    environ = {"TOHOST_REDIS__URL": "rediss://other:1/2", "TOHOST_SAFETY__MAX_DELETE_FRACTION": "1"}
    config = read(tmp_path, "redis: {url: redis://file}\n" + ONE, environ)
    assert config.redis.url == "rediss://other:1/2"
    assert config.safety.max_delete_fraction == 1.0
    assert config.notes == ()


def test_maps_and_irregular_names_can_be_variables_too(tmp_path: Path) -> None:
    prefix = "TOHOST_VIRTUAL_CLUSTERS__0__"
    config = read(
        tmp_path,
        ONE,
        {
            prefix + "SYNC__TO_HOST__PODS__TRANSLATE_IMAGE": '{"gcr.io": "mirror"}',
            prefix + "SYNC__TO_HOST__PODS__USE_SECRETS_FOR_SA_TOKENS": "true",
            prefix + "NETWORKING__API_SERVICE_IP": "10.0.0.1",
        },
    )
    assert config.virtual_clusters[0].sync.to_host.pods.translate_image == {"gcr.io": "mirror"}
    assert cluster(config).pods.secrets_for_tokens
    assert cluster(config).api_service_ip == "10.0.0.1"


def test_everything_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(
        None,
        {
            "TOHOST_VIRTUAL_CLUSTERS__0__NAME": "a",
            "TOHOST_VIRTUAL_CLUSTERS__0__HOST_NAMESPACE": "vc-a",
        },
    )
    assert config.virtual_cluster("a").host_namespace == "vc-a"


def test_a_variable_can_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(ONE)
    config = load(None, {"TOHOST_CONFIG": str(tmp_path / "other.yaml")})
    assert config.virtual_clusters[0].name == "my-vcluster"


def test_links_to_a_service_called_tohost_are_no_settings(tmp_path: Path) -> None:
    read(tmp_path, ONE, {"TOHOST_SERVICE_HOST": "10.0.0.9", "TOHOST_PORT_80_TCP_ADDR": "10.0.0.9"})


def test_kubeconfigs_are_read_only_when_asked(tmp_path: Path) -> None:
    read(tmp_path, "host: {kubeconfig: nowhere}\n" + ONE + "  kubeconfig: nowhere\n")


def test_every_variable_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    missing = [name for name, _ in variables(Config) if f"`{name}`" not in text]
    assert [name for name in missing if "__SYNC__" not in name] == []
