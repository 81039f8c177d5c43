"""ResourceClaimTemplates: as they are; the claims made from them come from the virtual cluster."""

from common.kind import Context, Doc, Kind
from common.objects import Obj


def _translate(virtual: Obj, _context: Context) -> Obj:
    return {"spec": virtual.get("spec") or {}}


KIND = Kind(
    plural="resourceclaimtemplates",
    kind="ResourceClaimTemplate",
    group="resource.k8s.io",
    option="resourceClaimTemplates",
    discovered=True,
    translate=_translate,
    doc=Doc(down="the whole spec, at creation", translated="nothing; the spec never changes"),
)
