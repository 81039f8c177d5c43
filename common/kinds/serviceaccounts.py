"""ServiceAccounts: an identity for the host's cloud, without any right on the host."""

from common.context import Context
from common.fields import fields_patch
from common.kind import Doc, Kind
from common.objects import Obj, name_of

# By it the host would refuse pods their Secrets, as its account lists none; the virtual cluster's
# admission has had its say.
_ENFORCED = "kubernetes.io/enforce-mountable-secrets"


def _translate(_virtual: Obj, _context: Context) -> Obj:
    """Secrets and pull secrets stay: pods bring their own."""
    return {"automountServiceAccountToken": False}


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """Where the field is missing the host would mount a token. What the host's controllers add,
    such as secrets, is theirs."""
    return fields_patch(host, translated, translated)


def _annotation_down(key: str) -> bool:
    return key != _ENFORCED


def _skip(virtual: Obj, context: Context) -> str:
    if context.cluster.namespaces is not None and name_of(virtual) == "default":
        return "its host namespace has one of that name by itself"
    return ""


KIND = Kind(
    plural="serviceaccounts",
    kind="ServiceAccount",
    option="serviceAccounts",
    translate=_translate,
    annotation_down=_annotation_down,
    patch_down=_patch_down,
    skip=_skip,
    doc=Doc(
        down="labels and annotations, such as a cloud identity",
        translated="no secrets, no pull secrets, `automountServiceAccountToken` false",
    ),
)
