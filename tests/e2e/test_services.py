"""Services, and the endpoints of those without a selector."""

import asyncio

import pytest

from common.objects import Obj
from tests.e2e.objects import endpoints, pod, service, slice_of
from tests.e2e.space import Space
from tests.e2e.waiting import eventually
from tests.e2e.world import World
from workers.moves import AT_ONCE, MANY

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def moved(space: Space, name: str) -> tuple[Obj, Obj]:
    """The virtual Service and the host's, once both have the same address."""

    async def look() -> tuple[Obj, Obj]:
        virtual, host = await space.see("services", name), await space.see_host("services", name)
        assert virtual
        assert host
        assert virtual["spec"]["clusterIPs"] == host["spec"]["clusterIPs"]
        return virtual, host

    return await eventually(look)


async def test_the_virtual_service_shows_the_hosts_address_and_stays_itself(space: Space) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u-1"}
    obj = service("web")
    parent = await space.create("configmaps", {"metadata": {"name": "o"}})
    owner["uid"] = parent["metadata"]["uid"]
    obj["metadata"] |= {"labels": {"a": "1"}, "annotations": {"b": "2"}, "ownerReferences": [owner]}
    made = await space.create("services", obj)
    virtual, _ = await moved(space, "web")
    kept = ("uid", "labels", "annotations", "ownerReferences", "creationTimestamp")
    assert [virtual["metadata"][key] for key in kept] == [made["metadata"][key] for key in kept]
    assert virtual["spec"]["clusterIP"].startswith("10.97.")
    assert virtual["spec"]["type"] == "ClusterIP"
    assert "externalName" not in virtual["spec"]


async def test_many_services_at_once_all_get_their_addresses(space: Space) -> None:
    """So many that some have to wait for their turn."""
    names = [f"s{number}" for number in range(AT_ONCE + MANY + 12)]
    await asyncio.gather(*(space.create("services", service(name)) for name in names))
    for name in names:
        await moved(space, name)


async def test_an_address_that_the_api_server_noted_and_lost_is_freed(
    restored: World, space: Space
) -> None:
    """It notes the address before it writes the Service; a conflict in between leaves the note."""
    await space.create("services", service("web"))
    address = (await moved(space, "web"))[0]["spec"]["clusterIP"]
    await space.settled()
    await restored.stop()
    await space.delete("services", "web")
    parent = {"group": "", "resource": "services", "namespace": space.namespace, "name": "web"}
    labels = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    note = {"metadata": {"name": address, "labels": labels}, "spec": {"parentRef": parent}}
    await restored.virtual.create("ipaddresses", "", note)
    await space.create("services", service("web"))
    await restored.start("watchers", "workers")
    assert (await moved(space, "web"))[0]["spec"]["clusterIP"] == address


async def test_node_ports_come_up(space: Space) -> None:
    await space.create("services", service("web", type="NodePort"))
    virtual, host = await moved(space, "web")
    port = host["spec"]["ports"][0]["nodePort"]
    await space.virtual("services", "web", lambda s: s["spec"]["ports"][0]["nodePort"] == port)
    assert virtual["spec"]["type"] == "NodePort"


async def test_the_load_balancers_address_comes_up_and_goes(space: Space) -> None:
    await space.create("services", service("web", type="LoadBalancer"))
    await moved(space, "web")
    given = {"ingress": [{"ip": "203.0.113.7", "ipMode": "VIP"}]}
    await space.patch_host("services", "web", {"status": {"loadBalancer": given}}, "status")
    await space.virtual("services", "web", lambda s: s["status"]["loadBalancer"] == given)
    await space.patch_host("services", "web", {"status": {"loadBalancer": None}}, "status")
    await space.virtual("services", "web", lambda s: not s["status"]["loadBalancer"])


async def test_a_headless_service_stays_headless(space: Space) -> None:
    made = await space.create("services", service("web", clusterIP="None"))
    host = await space.host("services", "web")
    await space.settled()
    virtual = await space.see("services", "web")
    assert virtual
    assert host["spec"]["clusterIP"] == virtual["spec"]["clusterIP"] == "None"
    assert virtual["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_the_selector_finds_only_pods_of_this_namespace(space: Space) -> None:
    obj = pod("p")
    obj["metadata"]["labels"] = {"app": "web"}
    await space.create("pods", obj)
    await space.create("services", service("web"))
    selector = (await space.host("services", "web"))["spec"]["selector"]
    prefix = "vcluster.loft.sh/"
    assert selector[prefix + "managed-by"] == space.world.name
    assert selector[prefix + "namespace"] == space.namespace
    labels = (await space.host("pods", "p"))["metadata"]["labels"]
    assert selector.items() <= labels.items()


async def test_the_api_service_is_never_synced(space: Space) -> None:
    default = Space(space.world, "default")
    names = [each["metadata"]["name"] for each in await default.on_host("services")]
    assert default.host_name("kubernetes") not in names


async def test_endpoints_go_down_for_services_without_a_selector_only(space: Space) -> None:
    for name, selected in (("own", False), ("selected", True)):
        await space.create("services", service(name, selected=selected))
        await space.create("endpoints", endpoints(name))
        await space.create("endpointslices", slice_of(name, f"{name}-1"))
    await space.host("endpoints", "own")
    host = await space.host("endpointslices", "own-1")
    assert host["metadata"]["labels"]["kubernetes.io/service-name"] == space.host_name("own")
    await space.settled()
    assert await space.see_host("endpoints", "selected") is None
    assert await space.see_host("endpointslices", "selected-1") is None


async def test_slices_that_a_controller_made_do_not_go_down(space: Space) -> None:
    await space.create("services", service("own", selected=False))
    managed = {"endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io"}
    await space.create("endpointslices", slice_of("own", "mirrored", **managed))
    await space.create("endpointslices", slice_of("own", "mine"))
    await space.host("endpointslices", "mine")
    await space.settled()
    assert await space.see_host("endpointslices", "mirrored") is None


async def test_endpoints_follow_when_the_service_loses_its_selector(space: Space) -> None:
    await space.create("services", service("web"))
    await space.create("endpoints", endpoints("web"))
    await moved(space, "web")
    await space.patch("services", "web", {"spec": {"selector": None}})
    await space.host("endpoints", "web")
    await space.patch("services", "web", {"spec": {"selector": {"app": "web"}}})
    await space.host_gone("endpoints", "web")


async def test_an_endpoint_that_is_a_pod_names_the_host_pod(space: Space) -> None:
    made = await space.create("pods", pod("p"))
    await space.create("services", service("web", selected=False))
    obj = endpoints("web")
    target = {"kind": "Pod", "name": "p", "namespace": space.namespace}
    obj["subsets"][0]["addresses"][0]["targetRef"] = {**target, "uid": made["metadata"]["uid"]}
    await space.create("endpoints", obj)
    host = await space.host("endpoints", "web")
    reference = host["subsets"][0]["addresses"][0]["targetRef"]
    assert reference["name"] == space.host_name("p")
    assert "uid" not in reference


async def test_a_service_that_becomes_an_external_name_follows(space: Space) -> None:
    await space.create("services", service("web"))
    await moved(space, "web")
    target = f"other.{space.namespace}.svc.cluster.local"
    away = {"type": "ExternalName", "externalName": target, "clusterIP": None, "clusterIPs": None}
    await space.patch("services", "web", {"spec": {**away, "selector": None}})
    host = await space.host("services", "web", lambda s: s["spec"]["type"] == "ExternalName")
    assert host["spec"]["externalName"].startswith(space.host_name("other"))
