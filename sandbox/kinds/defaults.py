"""What the API server fills in, kind by kind, before it validates and stores an object."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.kinds.definition_defaults import default_definition
from sandbox.kinds.pod_defaults import default_pod, default_pod_spec, fill
from sandbox.kinds.webhook_defaults import default_mutating_webhooks, default_webhooks
from sandbox.objects import timestamp

Object = dict[str, Any]

_NODE_INFO: Final = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)


def default_service(service: Object) -> None:
    fill(service, status={"loadBalancer": {}})
    spec = service.setdefault("spec", {})
    fill(spec, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "ClientIP":
        fill(spec, sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10800}})
    else:
        spec.pop("sessionAffinityConfig", None)
    for ingress in (service["status"].get("loadBalancer") or {}).get("ingress") or ():
        if ingress.get("ip"):
            fill(ingress, ipMode="VIP")
    for port in spec.get("ports") or ():
        fill(port, protocol="TCP")
        fill(port, targetPort=port.get("port"))
    if spec["type"] == "ExternalName":
        spec.pop("internalTrafficPolicy", None)
        return
    fill(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer") or spec.get("externalIPs"):
        fill(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)


def default_secret(secret: Object) -> None:
    """`stringData` is write-only: it moves into `data`, encoded."""
    fill(secret, type="Opaque")
    for key, text in (secret.pop("stringData", None) or {}).items():
        secret.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def default_claim(claim: Object) -> None:
    fill(claim.setdefault("spec", {}), volumeMode="Filesystem")
    fill(claim.setdefault("status", {}), phase="Pending")


def default_volume(volume: Object) -> None:
    spec = volume.setdefault("spec", {})
    fill(spec, persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    if spec.get("hostPath"):
        fill(spec["hostPath"], type="")
    status = volume.setdefault("status", {})
    fill(status, phase="Pending")
    if "uid" not in volume["metadata"]:  # a new one
        status["lastPhaseTransitionTime"] = timestamp()


def follow_phase(volume: Object, old: Object) -> None:
    """Notes when the phase changed, unless the writer said so itself."""
    status, was = volume["status"], old["status"]
    told, before = (part.get("lastPhaseTransitionTime") for part in (status, was))
    if status["phase"] != was["phase"] and told in (None, before):
        status["lastPhaseTransitionTime"] = timestamp()
    elif told is None and before:
        status["lastPhaseTransitionTime"] = before


def default_namespace(namespace: Object) -> None:
    metadata = namespace["metadata"]
    metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
    fill(namespace.setdefault("spec", {}), finalizers=["kubernetes"])
    fill(namespace.setdefault("status", {}), phase="Active")


def default_node(node: Object) -> None:
    node.setdefault("spec", {})
    status = node.setdefault("status", {})
    if status.get("capacity"):
        fill(status, allocatable=dict(status["capacity"]))
    fill(status, daemonEndpoints={"kubeletEndpoint": {"Port": 0}}, nodeInfo={})
    fill(status["nodeInfo"], **dict.fromkeys(_NODE_INFO, ""))


def default_storage_class(storage_class: Object) -> None:
    fill(storage_class, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def default_priority_class(priority_class: Object) -> None:
    fill(priority_class, value=0, preemptionPolicy="PreemptLowerPriority")


def default_ingress(ingress: Object) -> None:
    ingress.setdefault("spec", {})
    fill(ingress.setdefault("status", {}), loadBalancer={})


def default_network_policy(policy: Object) -> None:
    spec = policy.setdefault("spec", {})
    for field in ("ingress", "egress"):
        for rule in spec.get(field) or ():
            for port in rule.get("ports") or ():
                fill(port, protocol="TCP")
    fill(
        spec,
        podSelector={},
        policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"],
    )


def default_disruption_budget(budget: Object) -> None:
    budget.setdefault("spec", {})
    status = budget.setdefault("status", {})
    fill(status, disruptionsAllowed=0, currentHealthy=0, desiredHealthy=0, expectedPods=0)


def default_endpoint_slice(endpoint_slice: Object) -> None:
    for port in endpoint_slice.get("ports") or ():
        fill(port, name="", protocol="TCP")
    for endpoint in endpoint_slice.get("endpoints") or ():
        fill(endpoint, conditions={})


def default_endpoints(endpoints: Object) -> None:
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or ():
            fill(port, protocol="TCP")


def default_event(event: Object) -> None:
    fill(event, source={}, reportingComponent="", reportingInstance="")
    for field in ("firstTimestamp", "lastTimestamp", "eventTime"):
        event.setdefault(field, None)


def default_workload(workload: Object) -> None:
    spec = workload.setdefault("spec", {})
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))
    workload.setdefault("status", {})


def default_scaled(workload: Object) -> None:
    default_workload(workload)
    fill(workload["spec"], replicas=1)


def default_deployment(deployment: Object) -> None:
    default_scaled(deployment)
    spec = deployment["spec"]
    fill(spec, strategy={}, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    fill(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        fill(spec["strategy"], rollingUpdate={"maxUnavailable": "25%", "maxSurge": "25%"})


def default_stateful_set(stateful_set: Object) -> None:
    default_scaled(stateful_set)
    spec = stateful_set["spec"]
    fill(spec, podManagementPolicy="OrderedReady", updateStrategy={}, revisionHistoryLimit=10)
    fill(spec, persistentVolumeClaimRetentionPolicy={})
    fill(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    fill(spec["updateStrategy"], type="RollingUpdate")
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        fill(spec["updateStrategy"], rollingUpdate={"partition": 0})
    fill(stateful_set["status"], replicas=0, availableReplicas=0)


def default_resource_claim(claim: Object) -> None:
    claim.setdefault("status", {})
    _default_devices(claim.get("spec") or {})


def default_resource_claim_template(template: Object) -> None:
    spec = template.setdefault("spec", {})
    spec.setdefault("metadata", {})
    _default_devices(spec.get("spec") or {})


def _default_devices(spec: Object) -> None:
    for request in (spec.get("devices") or {}).get("requests") or ():
        for exact in filter(None, (request.get("exactly"), *(request.get("firstAvailable") or ()))):
            fill(exact, allocationMode="ExactCount")
            if exact["allocationMode"] == "ExactCount":
                fill(exact, count=1)


def default_role_binding(binding: Object) -> None:
    for subject in binding.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            fill(subject, apiGroup="rbac.authorization.k8s.io")


def default_with_status(obj: Object) -> None:
    obj.setdefault("status", {})


DEFAULTS: Final[Mapping[str, Callable[[Object], None]]] = {
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": default_mutating_webhooks,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": default_webhooks,
    "pods": default_pod,
    "services": default_service,
    "secrets": default_secret,
    "persistentvolumeclaims": default_claim,
    "persistentvolumes": default_volume,
    "namespaces": default_namespace,
    "nodes": default_node,
    "endpoints": default_endpoints,
    "events": default_event,
    "customresourcedefinitions.apiextensions.k8s.io": default_definition,
    "daemonsets.apps": default_workload,
    "deployments.apps": default_deployment,
    "replicasets.apps": default_scaled,
    "statefulsets.apps": default_stateful_set,
    "jobs.batch": default_workload,
    "endpointslices.discovery.k8s.io": default_endpoint_slice,
    "ingresses.networking.k8s.io": default_ingress,
    "networkpolicies.networking.k8s.io": default_network_policy,
    "servicecidrs.networking.k8s.io": default_with_status,
    "poddisruptionbudgets.policy": default_disruption_budget,
    "rolebindings.rbac.authorization.k8s.io": default_role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": default_role_binding,
    "resourceclaims.resource.k8s.io": default_resource_claim,
    "resourceclaimtemplates.resource.k8s.io": default_resource_claim_template,
    "priorityclasses.scheduling.k8s.io": default_priority_class,
    "storageclasses.storage.k8s.io": default_storage_class,
}
