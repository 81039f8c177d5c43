"""What the API server fills in on a pod, or on the pod template of a workload."""

from __future__ import annotations

from typing import Any, Final

Object = dict[str, Any]

_FILE_MODE: Final = 0o644
_TOLERATED_S: Final = 300
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_STATUSES: Final = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_TOLERATED_TAINTS: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def fill(target: Object, **defaults: Any) -> None:
    """Sets what is missing; an explicit null counts as missing, as it does in Go."""
    for key, value in defaults.items():
        if target.get(key) is None:
            target[key] = value


def default_pod(pod: Object) -> None:
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    fill(spec, enableServiceLinks=True)
    for container in _containers(spec):
        _default_requests(container)
    status = pod.setdefault("status", {})
    fill(status, phase="Pending", qosClass=qos_class(spec))
    for condition in status.get("conditions") or ():
        condition.setdefault("lastProbeTime", None)
        condition.setdefault("lastTransitionTime", None)
    for field in _STATUSES:
        for told in status.get(field) or ():
            fill(told, state={}, lastState={}, ready=False, restartCount=0, image="", imageID="")


def default_pod_spec(spec: Object) -> None:
    fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    _default_account(spec)
    for container in _containers(spec):
        _default_container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _default_volume(volume)


def _default_account(spec: Object) -> None:
    """`serviceAccount` is the old name of `serviceAccountName`; both are always served."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _containers(spec: Object) -> list[Object]:
    lists = ("containers", "initContainers", "ephemeralContainers")
    return [container for field in lists for container in spec.get(field) or ()]


def _default_container(container: Object, *, host_network: bool) -> None:
    fill(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=_pull_policy(container.get("image") or ""),
    )
    for port in container.get("ports") or ():
        fill(port, protocol="TCP")
        if host_network:
            fill(port, hostPort=port.get("containerPort"))
    for probe in _PROBES:
        if container.get(probe):
            _default_probe(container[probe])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and hook.get("httpGet"):
            fill(hook["httpGet"], path="/", scheme="HTTP")
    for variable in container.get("env") or ():
        _default_field_ref(variable.get("valueFrom") or {})


def _pull_policy(image: str) -> str:
    """Always for the moving tag `latest`, given or implied; a digest never moves."""
    name = image.rpartition("/")[2]
    tag = name.partition("@")[0].partition(":")[2]
    moving = tag == "latest" or (not tag and "@" not in name)
    return "Always" if moving else "IfNotPresent"


def _default_probe(probe: Object) -> None:
    fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if probe.get("httpGet"):
        fill(probe["httpGet"], path="/", scheme="HTTP")
    if probe.get("grpc"):
        fill(probe["grpc"], service="")


def _default_requests(container: Object) -> None:
    """What is limited and not requested is requested as much as it is limited."""
    resources = container["resources"]
    for name, quantity in (resources.get("limits") or {}).items():
        fill(resources.setdefault("requests", {}), **{name: quantity})


def _default_volume(volume: Object) -> None:
    if len(volume) == 1:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if volume.get(source) is not None:
            fill(volume[source], defaultMode=_FILE_MODE)
    if volume.get("hostPath"):
        fill(volume["hostPath"], type="")
    if volume.get("ephemeral", {}).get("volumeClaimTemplate"):
        template = volume["ephemeral"]["volumeClaimTemplate"]
        fill(template, metadata={})
        fill(template["spec"], volumeMode="Filesystem")
    _default_items(volume.get("downwardAPI"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        _default_items(source.get("downwardAPI"))
        if source.get("serviceAccountToken"):
            fill(source["serviceAccountToken"], expirationSeconds=3600)


def _default_items(downward: Object | None) -> None:
    for item in (downward or {}).get("items") or ():
        _default_field_ref(item)


def _default_field_ref(source: Object) -> None:
    if source.get("fieldRef"):
        fill(source["fieldRef"], apiVersion="v1")
    if source.get("resourceFieldRef"):
        fill(source["resourceFieldRef"], divisor="0")


def keep_observed_generations(pod: Object, old: Object) -> None:
    """A status, or a condition, that doesn't say what it is about is about the same as before."""
    conditions = {part["type"]: part for part in old["status"].get("conditions") or ()}
    told = pod["status"].get("conditions") or ()
    pairs = [(condition, conditions.get(condition.get("type"), {})) for condition in told]
    for new, before in [(pod["status"], old["status"]), *pairs]:
        if before.get("observedGeneration"):
            fill(new, observedGeneration=before["observedGeneration"])


def tolerate_bad_nodes(spec: Object) -> None:
    """Every pod stays five minutes on a node that is not ready or out of reach."""
    tolerations = spec.setdefault("tolerations", [])
    for taint in _TOLERATED_TAINTS:
        if not any(_tolerates(toleration, taint) for toleration in tolerations):
            toleration = {
                "key": taint,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": _TOLERATED_S,
            }
            tolerations.append(toleration)


def _tolerates(toleration: Object, taint: str) -> bool:
    return toleration.get("key") in (None, "", taint) and toleration.get("effect") in (
        None,
        "",
        "NoExecute",
    )


def qos_class(spec: Object) -> str:
    """BestEffort without any request or limit, Guaranteed when all are limited to what they
    request.
    """
    resources = [
        container.get("resources") or {}
        for field in ("containers", "initContainers")
        for container in spec.get(field) or ()
    ]
    if not any(
        _compute(part.get("requests")) or _compute(part.get("limits")) for part in resources
    ):
        return "BestEffort"
    guaranteed = all(
        len(_compute(part.get("limits"))) == 2
        and _compute(part.get("requests")) == _compute(part.get("limits"))
        for part in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _compute(quantities: Object | None) -> Object:
    return {name: value for name, value in (quantities or {}).items() if name in ("cpu", "memory")}
