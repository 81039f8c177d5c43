"""Resource claims (devices): a pod names a claim, or a template that one is made from.

The virtual cluster makes claims from its templates, as the host would from a translated one. Where
claims are synced the virtual cluster's is the one: the host pod refers to its host object by name.
"""

from collections.abc import Iterator, Mapping

from common.cluster import Cluster
from common.context import Context
from common.objects import Obj, get_path
from common.references import Renamer, made_claims

_CLAIM, _TEMPLATE = "resourceClaimName", "resourceClaimTemplateName"


def translate_claims(virtual: Obj, context: Context, rename: Renamer) -> list[Obj]:
    """`spec.resourceClaims` for the host pod, without names of kinds that aren't synced."""
    enabled, made = context.cluster.enabled, made_claims(virtual)
    return [_translate(each, made, enabled, rename) for each in _claims(virtual)]


def unsynced_claim(virtual: Obj, cluster: Cluster) -> str:
    """Why the pod can't be on the host, "" when it can: a claim or template that it names isn't
    synced. On the host that name would be somebody else's."""
    enabled = cluster.enabled
    for each in _claims(virtual):
        if each.get(_CLAIM) and "resourceclaims" not in enabled:
            return _refusal(each, "ResourceClaim", "resourceClaims")
        if each.get(_TEMPLATE) and not enabled & {"resourceclaims", "resourceclaimtemplates"}:
            return _refusal(each, "ResourceClaimTemplate", "resourceClaimTemplates")
    return ""


def wait_for_claims(virtual: Obj, context: Context) -> str:
    """Why the pod can't be created yet: the virtual cluster hasn't made its claims."""
    if "resourceclaims" not in context.cluster.enabled:
        return ""
    made = made_claims(virtual)
    missing = (
        each[_TEMPLATE]
        for each in _claims(virtual)
        if each.get(_TEMPLATE) and each.get("name") not in made
    )
    template = next(missing, "")
    return f"waits for the claim from template {template}" if template else ""


def _translate(
    claim: Obj, made: Mapping[str, str], enabled: frozenset[str], rename: Renamer
) -> Obj:
    kept = {key: value for key, value in claim.items() if key not in (_CLAIM, _TEMPLATE)}
    name = claim.get(_CLAIM) or made.get(claim.get("name") or "")
    if "resourceclaims" in enabled and name:
        return {**kept, _CLAIM: rename("resourceclaims", name)}
    if "resourceclaimtemplates" in enabled and claim.get(_TEMPLATE):
        return {**kept, _TEMPLATE: rename("resourceclaimtemplates", claim[_TEMPLATE])}
    return kept


def _refusal(claim: Obj, kind: str, option: str) -> str:
    return (
        f"its device claim {claim.get('name')} names a {kind}, which is not synced: "
        f"switch on sync.toHost.{option}.enabled"
    )


def _claims(virtual: Obj) -> Iterator[Obj]:
    yield from get_path(virtual, "spec.resourceClaims") or ()
