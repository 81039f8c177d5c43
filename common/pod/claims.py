"""Resource claims (devices): a pod names a claim, or a template that one is made from.

The virtual cluster makes claims from its templates, as the host would from a translated one. Where
claims are synced the virtual cluster's is the one: the host pod refers to its host object by name.
"""

from collections.abc import Iterator, Mapping

from common.kind import Context
from common.objects import Obj, get_path
from common.references import Renamer, made_claims

_CLAIM, _TEMPLATE = "resourceClaimName", "resourceClaimTemplateName"


def translate_claims(virtual: Obj, context: Context, rename: Renamer) -> list[Obj]:
    """`spec.resourceClaims` for the host pod; kinds that aren't synced keep their names."""
    enabled, made = context.cluster.enabled, made_claims(virtual)
    return [_translate(each, made, enabled, rename) for each in _claims(virtual)]


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
    return claim


def _claims(virtual: Obj) -> Iterator[Obj]:
    yield from get_path(virtual, "spec.resourceClaims") or ()
