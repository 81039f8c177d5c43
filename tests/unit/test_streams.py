"""What the API servers leave out of the streams."""

import pytest

from common.cluster import Cluster
from common.kinds import REGISTRY
from common.objects import Side
from watchers.streams import Stream

CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY))
OURS = {"vcluster.loft.sh/managed-by": "v"}
MAKER = "endpointslice.kubernetes.io/managed-by"
CONTROLLERS = "endpointslice-controller.k8s.io,endpointslicemirroring-controller.k8s.io"


def stream(side: Side, plural: str) -> Stream:
    return Stream(CLUSTER, REGISTRY[plural], side, frozenset())


def test_slices_that_virtual_controllers_make_are_left_out() -> None:
    it = stream("virtual", "endpointslices")
    assert it.params == {"labelSelector": f"{MAKER} notin ({CONTROLLERS})"}


def test_slices_that_the_hosts_controllers_make_for_our_services_are_left_out() -> None:
    it = stream("host", "endpointslices")
    owned = "vcluster.loft.sh/managed-by=v"
    assert it.params == {"labelSelector": f"{owned},{MAKER} notin ({CONTROLLERS})"}


@pytest.mark.parametrize("controller", CONTROLLERS.split(","))
def test_a_stream_tells_which_objects_it_should_show(controller: str) -> None:
    it = stream("host", "endpointslices")
    assert it.selects({"metadata": {"labels": {**OURS, MAKER: "me"}}})
    assert it.selects({"metadata": {"labels": OURS}})
    assert not it.selects({"metadata": {"labels": {**OURS, MAKER: controller}}})
    assert not it.selects({"metadata": {"labels": {MAKER: "me"}}})


def test_helm_releases_are_left_out_by_the_virtual_server() -> None:
    it = stream("virtual", "secrets")
    assert it.params == {"fieldSelector": "type!=helm.sh/release.v1"}
    assert it.selects({"type": "Opaque"})
    assert not it.selects({"type": "helm.sh/release.v1"})
    assert "fieldSelector" not in stream("host", "secrets").params
