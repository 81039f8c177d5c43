"""PersistentVolumes: what their sources name, what wakes them, and what is read of the host."""

from typing import Any

import pytest

from common.cluster import Cluster
from common.context import Context, Ref, Related
from common.kinds import REGISTRY
from common.metadata import MANAGED_BY
from common.objects import Obj, merge_patch

KIND = REGISTRY["persistentvolumes"]
ON = Cluster("v", "h", enabled=frozenset({"persistentvolumes", "persistentvolumeclaims"}))
OFF = Cluster("v", "h", enabled=frozenset({"persistentvolumeclaims"}))
SECRET = {"name": "s", "namespace": "n"}
ARRIVED = {"name": "v-n-s-x-n-x-v", "namespace": "h"}


def volume(**spec: Any) -> Obj:
    return {"metadata": {"name": "pv1", "uid": "u1"}, "spec": spec}


def bound_claim(volume_name: str, capacity: str = "1Gi") -> Obj:
    notes = {f"vcluster.loft.sh/{key}": value for key, value in {"name": "a", "uid": "c"}.items()}
    status = {"capacity": {"storage": capacity}}
    metadata = {"name": "host-a", "namespace": "h", "uid": "hc", "annotations": notes}
    return {"metadata": metadata, "spec": {"volumeName": volume_name}, "status": status}


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("cephfs", "secretRef"),
        ("cinder", "secretRef"),
        ("csi", "controllerExpandSecretRef"),
        ("csi", "controllerPublishSecretRef"),
        ("csi", "nodeExpandSecretRef"),
        ("csi", "nodePublishSecretRef"),
        ("csi", "nodeStageSecretRef"),
        ("flexVolume", "secretRef"),
        ("iscsi", "secretRef"),
        ("rbd", "secretRef"),
        ("scaleIO", "secretRef"),
        ("storageos", "secretRef"),
    ],
)
def test_every_secret_reference_of_a_source_follows_and_counts(source: str, field: str) -> None:
    virtual = volume(**{source: {"driver": "d", field: SECRET}})
    made = KIND.translate(virtual, Context(ON))["spec"]
    assert made == {source: {"driver": "d", field: ARRIVED}}
    assert list(KIND.references(virtual)) == [Ref("secrets", "n", "s")]


def test_a_secret_without_a_namespace_is_in_that_of_the_claim() -> None:
    ref = {"kind": "PersistentVolumeClaim", "namespace": "n", "name": "a"}
    virtual = volume(azureFile={"secretName": "s"}, claimRef=ref)
    made = KIND.translate(virtual, Context(ON))["spec"]["azureFile"]
    assert made == {"secretName": ARRIVED["name"], "secretNamespace": "h"}
    assert Ref("secrets", "n", "s") in KIND.references(virtual)


def test_the_deletion_secret_counts_as_a_reference() -> None:
    start = "volume.kubernetes.io/provisioner-deletion-secret-"
    notes = {f"{start}name": "s", f"{start}namespace": "n"}
    virtual = merge_patch(volume(nfs={}), {"metadata": {"annotations": notes}})
    assert list(KIND.references(virtual)) == [Ref("secrets", "n", "s")]


def test_sources_without_names_stay_as_they_are() -> None:
    spec = {"hostPath": {"path": "/data"}, "nodeAffinity": {"required": {}}}
    assert KIND.translate(volume(**spec), Context(ON)) == {"spec": spec}


def test_a_volume_is_looked_at_again_when_its_claim_changes() -> None:
    ref = {"kind": "PersistentVolumeClaim", "namespace": "n", "name": "a", "uid": "c"}
    found = list(KIND.references(volume(nfs={}, claimRef=ref)))
    assert found == [Ref("persistentvolumeclaims", "n", "a", "referrer")]


def test_stand_ins_are_watched_for_whatever_is_switched_on() -> None:
    draining = Cluster("v", "h", draining=frozenset({"persistentvolumes"}))
    assert KIND.sides(OFF) == ("virtual",)
    assert KIND.sides(ON) == KIND.sides(draining) == ("virtual", "host")


def read(virtual: Obj | None, host: Obj | None, cluster: Cluster, *claims: Obj) -> Ref | None:
    assert KIND.live is not None
    context = Context(cluster, Related(host_referrers=claims), name="pvc-7")
    return KIND.live(virtual, host, context)


def test_a_host_volume_is_read_for_a_new_stand_in_and_for_one_that_grew() -> None:
    own = Ref("persistentvolumes", "", "pvc-7")
    stand_in = volume(
        flexVolume={"driver": "vcluster.loft.sh/stand-in"}, capacity={"storage": "1Gi"}
    )
    stand_in["metadata"]["labels"] = {MANAGED_BY: "v"}
    assert read(None, None, OFF, bound_claim("pvc-7")) == own
    assert read(stand_in, None, OFF, bound_claim("pvc-7")) is None
    assert read(stand_in, None, OFF, bound_claim("pvc-7", "2Gi")) == own


def test_nothing_is_read_for_a_claim_of_another_volume() -> None:
    assert read(None, None, OFF, bound_claim("someone-elses")) is None
    assert read(None, None, OFF) is None


def test_the_claim_that_a_host_volume_is_bound_to_is_read() -> None:
    ref = {"namespace": "h", "name": "host-a", "uid": "hc"}
    bound, free = volume(claimRef=ref), volume(claimRef={**ref, "uid": None})
    assert read(volume(), bound, ON) == Ref("persistentvolumeclaims", "h", "host-a")
    assert read(volume(), free, ON) is None
    assert read(volume(), bound, OFF) is None
