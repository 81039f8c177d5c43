"""What the Helm chart renders, by the real helm."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import ValidationError, validate

import tohost
from common.config import Config, load
from common.objects import Obj, name_of, namespace_of
from tests.integration.charts import (
    CHART,
    EVERYTHING,
    EXAMPLES,
    FLEET,
    NAMESPACE,
    Refused,
    Rendered,
    helm,
    render,
)
from tohost.chart.values import Values

SEEDS = sorted(EXAMPLES.glob("*.values.yaml"))
OTHERS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds of others, whose schemas Kubernetes doesn't have."""
EXTERNAL = {"kubeconfigSecret": {"name": "mine"}}


@pytest.fixture(scope="module")
def default() -> Rendered:
    return render({})


@pytest.fixture(scope="module")
def everything() -> Rendered:
    return render(EVERYTHING)


def configured(rendered: Rendered, folder: Path) -> Config:
    (folder / "tohost.yaml").write_text(rendered.config())
    return load(folder / "tohost.yaml", {})


def assert_valid(obj: Obj) -> None:
    if obj["kind"] in OTHERS:
        return
    try:
        validate(obj, "1.36", strict=True)
    except ValidationError as error:
        pytest.fail(f"{obj['kind']} {name_of(obj)}: {error}")


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: str(path.name))
def test_a_vcluster_values_file_is_a_values_file_of_the_chart(seed: Path, tmp_path: Path) -> None:
    rendered = render({}, seed)
    for obj in rendered.objects:
        assert_valid(obj)
    [cluster] = configured(rendered, tmp_path).virtual_clusters
    assert cluster.sync == configured_alone(seed, tmp_path).virtual_clusters[0].sync
    assert (cluster.name, cluster.host_namespace) == ("my-vcluster", "vc-my-vcluster")


def configured_alone(seed: Path, folder: Path) -> Config:
    content = {"virtualClusters": [{"name": "v", "hostNamespace": "h", "values": str(seed)}]}
    (folder / "alone.yaml").write_text(yaml.safe_dump(content))
    return load(folder / "alone.yaml", {})


def test_a_fleet_has_what_all_share_and_what_each_says_otherwise(tmp_path: Path) -> None:
    rendered = render(FLEET)
    for obj in rendered.objects:
        assert_valid(obj)
    a, b, c = configured(rendered, tmp_path).virtual_clusters
    policies = [each.sync.to_host.network_policies.enabled for each in (a, b, c)]  # type: ignore[attr-defined]
    assert policies == [True, False, True]
    assert [each.weight for each in (a, b, c)] == [3, 1, 1]
    assert [each.host_namespace for each in (a, b, c)] == ["vc-team-a", "tenant-b", "vc-team-c"]
    assert b.sync.to_host.secrets.all
    assert not a.sync.to_host.secrets.all


def test_everything_at_once_is_valid(everything: Rendered, tmp_path: Path) -> None:
    for obj in everything.objects:
        assert_valid(obj)
    config = configured(everything, tmp_path)
    assert config.redis.address.form == "sentinel"
    assert config.redis.cert_file == str(tmp_path / "redis" / "tls.crt")
    assert {obj["kind"] for obj in everything.objects} >= OTHERS | {"HorizontalPodAutoscaler"}


def test_helm_finds_nothing_to_complain_about() -> None:
    command = [helm(), "lint", "--strict", str(CHART)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_object_has_a_name_of_its_own_and_says_where_it_belongs(
    everything: Rendered, default: Rendered
) -> None:
    wide = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    for rendered in (everything, default):
        keys = [(each["kind"], namespace_of(each), name_of(each)) for each in rendered.objects]
        assert len(keys) == len(set(keys))
        assert all((namespace == "") == (kind in wide) for kind, namespace, _ in keys)


def test_pods_are_confined(default: Rendered) -> None:
    for name, spec in default.pods():
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"]["drop"] == ["ALL"]
            assert context["capabilities"].get("add", []) in ([], ["NET_BIND_SERVICE"])
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]


def test_what_serves_is_probed(default: Rendered) -> None:
    for _, spec in default.pods():
        for container in spec["containers"]:
            if "ports" in container:
                assert container["readinessProbe"]
                assert container["livenessProbe"]


def test_every_reference_to_another_object_of_the_release_leads_somewhere(
    default: Rendered,
) -> None:
    there = {(obj["kind"], name_of(obj)) for obj in default.objects}
    for name, spec in default.pods():
        for kind, named in references(spec):
            assert (kind, named) in there, name


def references(spec: Obj) -> list[tuple[str, str]]:
    """The Secrets and ConfigMaps, and the ServiceAccount, that a pod needs."""
    found = [("ServiceAccount", spec["serviceAccountName"])] if "serviceAccountName" in spec else []
    for volume in spec.get("volumes", ()):
        for source in [volume, *volume.get("projected", {}).get("sources", ())]:
            if "secret" in source:
                secret = source["secret"]
                found.append(("Secret", secret.get("secretName") or secret["name"]))
            if "configMap" in source:
                found.append(("ConfigMap", source["configMap"]["name"]))
    for container in spec["containers"]:
        for variable in container.get("env", ()):
            key = variable.get("valueFrom", {}).get("secretKeyRef")
            found += [("Secret", key["name"])] if key else []
    return found


def test_every_key_that_a_pod_mounts_is_in_its_secret(default: Rendered) -> None:
    secrets = {
        name_of(obj): {**obj.get("data", {}), **obj.get("stringData", {})}
        for obj in default.of("Secret")
    }
    for _, spec in default.pods():
        for volume in spec.get("volumes", ()):
            for source in [volume, *volume.get("projected", {}).get("sources", ())]:
                secret = source.get("secret", {})
                for item in secret.get("items", ()):
                    assert item["key"] in secrets[secret.get("secretName") or secret["name"]]


def test_the_configuration_finds_its_files_where_they_are_mounted(
    everything: Rendered, tmp_path: Path
) -> None:
    (folder,) = {
        mount["mountPath"]
        for _, spec in everything.pods()
        for container in spec["containers"]
        for mount in container.get("volumeMounts", ())
        if mount["name"] == "config" and container["name"] in {"watcher", "worker"}
    }
    spec = everything.one("Deployment", "-worker")["spec"]["template"]["spec"]
    [volume] = [each for each in spec["volumes"] if each["name"] == "config"]
    sources = volume["projected"]["sources"]
    mounted = {
        item["path"] for source in sources for item in source.get("secret", {}).get("items", ())
    }
    config = configured(everything, tmp_path)
    redis = config.redis
    named = [redis.password_file, redis.sentinel_password_file, redis.ca_file, redis.cert_file]
    named += [redis.sentinel_password_file]
    named += [redis.key_file, *(each.kubeconfig for each in config.virtual_clusters)]
    assert {str(Path(each).relative_to(tmp_path)) for each in named} == mounted
    assert folder == "/etc/tohost"


def test_a_changed_configuration_restarts_watchers_and_workers(default: Rendered) -> None:
    changed = render({"safety": {"maxDeleteFraction": 0.25}})
    for name in ("watcher", "worker"):
        sums = [
            rendered.one("Deployment", f"-{name}")["spec"]["template"]["metadata"]["annotations"]
            for rendered in (default, changed)
        ]
        assert sums[0]["checksum/config"] != sums[1]["checksum/config"]


def test_a_scaler_and_a_number_of_replicas_never_fight(
    default: Rendered, everything: Rendered
) -> None:
    for name in ("-watcher", "-worker"):
        assert "replicas" in default.one("Deployment", name)["spec"]
        assert "replicas" not in everything.one("Deployment", name)["spec"]
        target = everything.one("Deployment", name)["metadata"]["name"]
        kind = {"-watcher": "HorizontalPodAutoscaler", "-worker": "ScaledObject"}[name]
        assert everything.one(kind, name)["spec"]["scaleTargetRef"]["name"] == target


def test_only_what_needs_redis_reaches_it(default: Rendered) -> None:
    [rule] = default.one("NetworkPolicy", "-redis")["spec"]["ingress"]
    chosen = [each["podSelector"]["matchLabels"] for each in rule["from"]]
    parts = [each["app.kubernetes.io/component"] for each in chosen]
    assert parts == ["watcher", "worker", "dashboard"]
    [password] = [obj for obj in default.of("Secret") if name_of(obj).endswith("-redis")]
    assert len(password["data"]["password"]) > 40


def test_the_dashboard_asks_for_a_password_and_sees_no_kubeconfig(default: Rendered) -> None:
    deployment = default.one("Deployment", "-dashboard")["spec"]["template"]["spec"]
    names = {each["name"] for each in deployment["containers"][0]["env"]}
    assert names == {"RQ_DASHBOARD_USERNAME", "RQ_DASHBOARD_PASSWORD"}
    assert "kubeconfig" not in str(deployment["volumes"])
    assert default.one("Service", "-dashboard")["spec"]["type"] == "ClusterIP"


def test_host_namespaces_outlive_the_release(default: Rendered) -> None:
    [namespace] = default.of("Namespace")
    assert name_of(namespace) == "vc-my-vcluster"
    assert namespace["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_a_virtual_cluster_that_is_there_gets_no_control_plane() -> None:
    rendered = render(EXTERNAL)
    assert {name_of(obj) for obj in rendered.of("StatefulSet")} == {"my-vcluster-tohost-redis"}
    assert not rendered.of("Job")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a typing error", {"sync": {"toHost": {"pod": {}}}}, "pod"),
    ("a weight that is text", {"weight": "2"}, "weight"),
    ("nothing to talk to", {"controlPlane": {"enabled": False}}, "write kubeconfigSecret.name"),
    ("the namespace of the release", {"hostNamespace": NAMESPACE}, "pose as ours"),
    (
        "two scalers",
        {"worker": {"keda": {"enabled": True}, "autoscaling": {"enabled": True}}},
        "both enabled",
    ),
    ("an entry without a name", {"virtualClusters": [{"hostNamespace": "h"}]}, "name"),
]


@pytest.mark.parametrize(
    ("values", "words"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_what_can_not_work_is_refused_with_a_reason(values: Obj, words: str) -> None:
    with pytest.raises(Refused) as refused:
        render(values)
    assert words in str(refused.value)


def test_the_chart_brings_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tohost.__version__


def test_values_yaml_says_each_setting_once_and_no_other() -> None:
    content = yaml.safe_load((CHART / "values.yaml").read_text())
    Values.model_validate(content, by_alias=True, by_name=False)
    known = {field.alias or name for name, field in Values.model_fields.items()}
    assert set(content) == known - {"global"}


def test_long_names_stay_valid_and_apart() -> None:
    names = [f"{'a' * 59}-{end}" for end in ("one", "two")]
    rendered = render({"virtualClusters": [{"name": name} for name in names]})
    for obj in rendered.objects:
        assert len(name_of(obj)) <= 63 or obj["kind"].startswith(("Cluster", "Role"))
    keys = [(obj["kind"], namespace_of(obj), name_of(obj)) for obj in rendered.objects]
    assert len(keys) == len(set(keys))
