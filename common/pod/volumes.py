"""Volumes: every reference follows names, and tokens come from the virtual cluster."""

from common.context import Context
from common.objects import Obj, name_of
from common.pod.downward import translate_items
from common.pod.images import translate_image
from common.pod.tokens import token_source
from common.references import PROJECTED_SOURCES, VOLUME_SOURCES, Renamer, ephemeral_claim, follow


def translate_volume(volume: Obj, virtual: Obj, context: Context, rename: Renamer) -> Obj:
    """One volume of the host pod. A hostPath is left as it is."""
    result = follow(volume, VOLUME_SOURCES, rename)
    if downward := volume.get("downwardAPI"):
        items = translate_items(downward.get("items"), context.cluster)
        return {**result, "downwardAPI": {**downward, "items": items}}
    if volume.get("projected"):
        return {**result, "projected": _projected(volume, virtual, context, rename)}
    if reference := (volume.get("image") or {}).get("reference"):
        translated = translate_image(reference, context.cluster.pods.images)
        return {**result, "image": {**volume["image"], "reference": translated}}
    if volume.get("ephemeral"):
        claim = rename("persistentvolumeclaims", ephemeral_claim(name_of(virtual), volume))
        result = {key: value for key, value in result.items() if key != "ephemeral"}
        return {**result, "persistentVolumeClaim": {"claimName": claim}}
    return result


def certificate_volume(virtual: Obj) -> str:
    """A volume that projects a pod certificate, "" for none. The host's kubelet would have one made
    for the host pod and its service account, by which a tenant could speak to the host's API."""
    for volume in (virtual.get("spec") or {}).get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any(source.get("podCertificate") for source in sources):
            return str(volume.get("name"))
    return ""


def _projected(volume: Obj, virtual: Obj, context: Context, rename: Renamer) -> Obj:
    sources: list[Obj] = []
    index = 0
    for source in volume["projected"].get("sources") or ():
        if (token := source.get("serviceAccountToken")) is not None:
            name = volume.get("name") or ""
            sources.append(token_source(virtual, name, index, token, context))
            index += 1
        elif downward := source.get("downwardAPI"):
            items = translate_items(downward.get("items"), context.cluster)
            sources.append({**source, "downwardAPI": {**downward, "items": items}})
        else:
            sources.append(follow(source, PROJECTED_SOURCES, rename))
    return {**volume["projected"], "sources": sources}
