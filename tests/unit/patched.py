"""Objects under patches, as unit tests ask for them."""

from typing import Any

from common.cluster import Cluster
from common.context import Context
from common.kind import Kind
from common.kinds import REGISTRY, kinds_of
from common.objects import Obj
from common.patches.rules import PatchRule, ReferenceRule
from workers.plan import host_object

ENABLED = frozenset(REGISTRY)
SECRET = ReferenceRule("v1", "Secret")


def cluster(plural: str, *rules: PatchRule, **settings: Any) -> Cluster:
    return Cluster("v", "h", enabled=ENABLED, patches={plural: rules}, **settings)


def kind_of(plural: str, *rules: PatchRule) -> Kind:
    return kinds_of(cluster(plural, *rules))[plural]


def virtual(plural: str, body: Obj, **metadata: Any) -> Obj:
    kind = REGISTRY[plural]
    own = {"name": "n", "namespace": "ns", "uid": "u", **metadata}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": own, **body}


def made(plural: str, body: Obj, *rules: PatchRule, **metadata: Any) -> Obj:
    """The host object."""
    settings = cluster(plural, *rules)
    return host_object(
        kinds_of(settings)[plural], virtual(plural, body, **metadata), Context(settings)
    )


POD: Obj = {
    "spec": {
        "containers": [{"name": "a", "image": "nginx"}, {"name": "b", "image": "docker.io/redis"}],
        "nodeSelector": {"disk": "ssd"},
    }
}
