"""Pods: defaults, what may change, and their subresources."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import STRATEGIC, Api, pod


async def test_a_pod_gets_its_defaults(api: Api) -> None:
    body = (await api.post(api.path("pods"), pod("a"))).body
    spec = body["spec"]
    assert spec["restartPolicy"] == "Always"
    assert spec["dnsPolicy"] == "ClusterFirst"
    assert spec["schedulerName"] == "default-scheduler"
    assert spec["terminationGracePeriodSeconds"] == 30
    assert (spec["enableServiceLinks"], spec["securityContext"]) == (True, {})
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    assert body["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


async def test_a_container_gets_its_defaults(api: Api) -> None:
    body = (await api.post(api.path("pods"), pod("a"))).body
    container = body["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "Always"
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert container["terminationMessagePolicy"] == "File"


async def test_a_pod_tolerates_bad_nodes_for_five_minutes(api: Api) -> None:
    tolerations = (await api.post(api.path("pods"), pod("a"))).body["spec"]["tolerations"]
    assert [(part["key"], part["tolerationSeconds"]) for part in tolerations] == [
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    ]


async def test_volumes_get_their_defaults(api: Api) -> None:
    token = {"sources": [{"serviceAccountToken": {"path": "token"}}]}
    field = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
    volumes: list[Any] = [
        {"name": "a"},
        {"name": "b", "secret": {"secretName": "s"}},
        {"name": "c", "projected": token},
        {"name": "d", "downwardAPI": {"items": [field]}},
    ]
    wanted = pod("a", volumes=volumes, serviceAccountName="builder")
    answer = await api.post(api.path("pods"), wanted)
    empty, secret, projected, downward = answer.body["spec"]["volumes"]
    assert empty["emptyDir"] == {}
    assert secret["secret"]["defaultMode"] == 0o644
    source = projected["projected"]["sources"][0]["serviceAccountToken"]
    assert source == {"path": "token", "expirationSeconds": 3600}
    assert downward["downwardAPI"]["items"][0]["fieldRef"]["apiVersion"] == "v1"


async def test_the_old_name_of_the_service_account_is_served_too(api: Api) -> None:
    answer = await api.post(api.path("pods"), pod("a", serviceAccountName="builder"))
    assert answer.body["spec"]["serviceAccount"] == "builder"


async def test_limits_are_requested_and_decide_the_quality_of_service(api: Api) -> None:
    resources = {"limits": {"cpu": "1", "memory": "1Gi"}}
    container = {"name": "main", "image": "nginx:1", "resources": resources}
    body = (await api.post(api.path("pods"), pod("a", containers=[container]))).body
    assert body["spec"]["containers"][0]["resources"]["requests"] == resources["limits"]
    assert body["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert body["status"]["qosClass"] == "Guaranteed"


async def test_a_priority_class_gives_the_priority(api: Api) -> None:
    answer = await api.post(api.path("pods"), pod("a", priorityClassName="system-node-critical"))
    assert answer.body["spec"]["priority"] == 2_000_001_000
    missing = await api.post(api.path("pods"), pod("b", priorityClassName="missing"))
    assert (missing.code, missing.reason) == (403, "Forbidden")
    explicit = await api.post(api.path("pods"), pod("c", priority=7))
    assert explicit.code == 403


async def test_a_pod_without_containers_is_refused(api: Api) -> None:
    answer = await api.post(api.path("pods"), pod("a", containers=[]))
    assert (answer.code, answer.fields) == (422, ["spec.containers"])


async def test_a_token_volume_without_an_account_is_refused(api: Api) -> None:
    token = {"sources": [{"serviceAccountToken": {"path": "token"}}]}
    answer = await api.post(api.path("pods"), pod("a", volumes=[{"name": "v", "projected": token}]))
    field = "spec.volumes[0].projected.sources[0].serviceAccountToken"
    assert (answer.code, answer.fields) == (422, [field])


async def test_a_mount_without_a_volume_is_refused(api: Api) -> None:
    mounts = [{"name": "missing", "mountPath": "/data"}]
    container = {"name": "main", "image": "nginx", "volumeMounts": mounts}
    answer = await api.post(api.path("pods"), pod("a", containers=[container]))
    assert (answer.code, answer.fields) == (422, ["spec.containers[0].volumeMounts[0].name"])


async def test_the_image_of_a_pod_may_change(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    patch = {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}
    answer = await api.patch(api.path("pods", "a"), patch, STRATEGIC)
    assert answer.code == 200
    assert answer.body["spec"]["containers"][0]["image"] == "nginx:2"


async def test_most_of_a_pod_s_spec_may_not_change(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    answer = await api.patch(api.path("pods", "a"), {"spec": {"hostname": "other"}})
    assert (answer.code, answer.reason, answer.fields) == (422, "Invalid", ["spec"])
    assert "pod updates may not change fields other than" in answer.message


async def test_tolerations_may_be_added_but_not_taken_away(api: Api) -> None:
    await api.post(api.path("pods"), pod("a", tolerations=[{"key": "a", "operator": "Exists"}]))
    added = [{"key": name, "operator": "Exists"} for name in ("a", "b")]
    answer = await api.patch(api.path("pods", "a"), {"spec": {"tolerations": added}})
    assert answer.code == 200
    removed = await api.patch(api.path("pods", "a"), {"spec": {"tolerations": None}})
    assert (removed.code, removed.fields[0]) == (422, "spec.tolerations")


async def test_a_status_write_leaves_the_spec_and_the_reverse(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    both = {"spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    status = await api.patch(api.path("pods", "a", "status"), both)
    assert (status.body["status"]["phase"], "nodeName" in status.body["spec"]) == (
        "Running",
        False,
    )
    patch = {"metadata": {"labels": {"a": "b"}}, "status": {"phase": "Failed"}}
    assert (await api.patch(api.path("pods", "a"), patch)).body["status"]["phase"] == "Running"


async def test_binding_assigns_a_node_once(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    binding = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "node-1"}}
    assert (await api.post(api.path("pods", "a", "binding"), binding)).code == 201
    bound = (await api.get(api.path("pods", "a"))).body
    assert bound["spec"]["nodeName"] == "node-1"
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    answer = await api.post(api.path("pods", "a", "binding"), binding)
    assert (answer.code, answer.reason) == (409, "Conflict")


async def test_eviction_deletes(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    answer = await api.post(api.path("pods", "a", "eviction"), {"metadata": {"name": "a"}})
    assert (answer.code, answer.body["status"]) == (201, "Success")
    assert (await api.get(api.path("pods", "a"))).code == 404


async def test_ephemeral_containers_may_be_added_and_then_stay(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    path = api.path("pods", "a", "ephemeralcontainers")
    debugger = {"name": "debugger", "image": "busybox"}
    answer = await api.patch(path, {"spec": {"ephemeralContainers": [debugger]}}, STRATEGIC)
    added = answer.body["spec"]["ephemeralContainers"]
    assert (answer.code, added[0]["name"]) == (200, "debugger")
    changed = {"spec": {"ephemeralContainers": [debugger | {"image": "other"}]}}
    refused = await api.patch(path, changed, STRATEGIC)
    assert (refused.code, refused.fields) == (422, ["spec.ephemeralContainers"])


async def test_resizing_changes_resources(api: Api) -> None:
    container = {"name": "main", "image": "nginx", "resources": {"requests": {"cpu": "1"}}}
    await api.post(api.path("pods"), pod("a", containers=[container]))
    wanted = {"name": "main", "resources": {"requests": {"cpu": "2"}}}
    patch = {"spec": {"containers": [wanted]}}
    answer = await api.patch(api.path("pods", "a", "resize"), patch, STRATEGIC)
    given = answer.body["spec"]["containers"][0]["resources"]["requests"]
    assert (answer.code, given) == (200, {"cpu": "2"})
