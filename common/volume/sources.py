"""What a PersistentVolume's source names, with its namespace: one table to follow and to index.

Where a reference says no namespace, drivers look in that of the claim.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from common.context import Context, Ref
from common.following import certain_namespace
from common.objects import Obj


@dataclass(frozen=True, slots=True)
class _Place:
    """In a source, or in the object that its field `within` holds: the fields with the name of
    something and with its namespace."""

    within: str = "secretRef"
    name: str = "name"
    namespace: str = "namespace"
    plural: str = "secrets"

    def held(self, source: Obj) -> Obj:
        return (source.get(self.within) or {}) if self.within else source


_SECRET_REF = (_Place(),)
_PLACES: Mapping[str, tuple[_Place, ...]] = {
    "azureFile": (_Place("", "secretName", "secretNamespace"),),
    "cephfs": _SECRET_REF,
    "cinder": _SECRET_REF,
    "csi": (
        _Place("controllerExpandSecretRef"),
        _Place("controllerPublishSecretRef"),
        _Place("nodeExpandSecretRef"),
        _Place("nodePublishSecretRef"),
        _Place("nodeStageSecretRef"),
    ),
    "flexVolume": _SECRET_REF,
    "glusterfs": (_Place("", "endpoints", "endpointsNamespace", "endpoints"),),
    "iscsi": _SECRET_REF,
    "rbd": _SECRET_REF,
    "scaleIO": _SECRET_REF,
    "storageos": _SECRET_REF,
}


def translate_sources(spec: Obj, context: Context) -> Obj:
    """The volume's spec with every name in its source followed, and the namespace said."""
    result = dict(spec)
    for key, place in _occupied(spec):
        ref = _ref(spec, key, place)
        names = {
            place.name: context.host_name(ref.plural, ref.namespace, ref.name),
            place.namespace: certain_namespace(context.cluster, ref.namespace),
        }
        source = result[key]
        result[key] = (
            {**source, place.within: {**source[place.within], **names}}
            if place.within
            else {**source, **names}
        )
    return result


def source_refs(spec: Obj) -> Iterator[Ref]:
    """What the source names, as far as it is known in which namespace."""
    found = (_ref(spec, key, place) for key, place in _occupied(spec))
    yield from (ref for ref in found if ref.namespace)


def homeless(spec: Obj) -> str:
    """A name in the source of which nothing says in which namespace it is; "" when there's none.

    On the host such a name would be looked for among those of all tenants.
    """
    found = (_ref(spec, key, place) for key, place in _occupied(spec))
    return next((ref.name for ref in found if not ref.namespace), "")


def _occupied(spec: Obj) -> Iterator[tuple[str, _Place]]:
    for key, places in _PLACES.items():
        for place in places:
            if spec.get(key) and place.held(spec[key]).get(place.name):
                yield key, place


def _ref(spec: Obj, key: str, place: _Place) -> Ref:
    held, claim = place.held(spec[key]), spec.get("claimRef") or {}
    namespace = held.get(place.namespace) or claim.get("namespace") or ""
    return Ref(place.plural, namespace, held[place.name])
