"""The bodies of host objects, less metadata and status: what each kind must say, and what of the
host's object that is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.chaos.expected import config, network, pods, policy, storage
from tests.chaos.expected.view import View
from tests.chaos.objects import Obj, bare, difference

Wanted = Callable[[View, Obj], Obj]
Chosen = Callable[[Obj], Obj]
Further = Callable[[View, Obj, Obj], Iterator[str]]


def _nothing(_view: View, _virtual: Obj, _host: Obj) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Body:
    """`wanted` of the virtual object must equal `chosen` of the host's; `further` tells what can't
    be compared so."""

    wanted: Wanted
    chosen: Chosen
    further: Further = _nothing


BODIES: Final[Mapping[str, Body]] = {
    "configmaps": Body(config.configmap, config.data_of),
    "secrets": Body(config.secret, config.data_of),
    "serviceaccounts": Body(config.account, config.account_of),
    "widgets": Body(config.widget, config.spec_of),
    "pods": Body(pods.pod, pods.pod_of, pods.further),
    "services": Body(network.service, network.service_of),
    "endpoints": Body(network.endpoints, network.endpoints_of),
    "endpointslices": Body(network.endpointslice, network.slice_of),
    "ingresses": Body(network.ingress, config.spec_of),
    "networkpolicies": Body(policy.network_policy, config.spec_of),
    "poddisruptionbudgets": Body(policy.budget, config.spec_of),
    "priorityclasses": Body(policy.priority_class, policy.priority_class_of),
    "resourceclaims": Body(config.same_spec, config.spec_of),
    "resourceclaimtemplates": Body(config.same_spec, config.spec_of),
    "storageclasses": Body(storage.storage_class, storage.class_of),
    "persistentvolumeclaims": Body(storage.claim, storage.claim_of, storage.claim_size),
    "persistentvolumes": Body(storage.volume, storage.volume_of),
    "volumesnapshots": Body(storage.snapshot, config.spec_of),
    "volumesnapshotcontents": Body(storage.content, config.spec_of),
}


def body_differs(view: View, plural: str, virtual: Obj, host: Obj) -> Iterator[str]:
    """Each difference in words."""
    if (body := BODIES.get(plural)) is None:
        return
    if told := difference(bare(body.wanted(view, virtual)), bare(body.chosen(host))):
        yield told
    yield from body.further(view, virtual, host)
