"""The words by which people call kinds, as kubectl has them: plural, singular, short."""

import difflib
from collections.abc import Iterable, Mapping

from common.errors import ConfigError
from common.kinds import REGISTRY

SHORT: Mapping[str, str] = {
    "cm": "configmaps",
    "ep": "endpoints",
    "ev": "events",
    "ing": "ingresses",
    "netpol": "networkpolicies",
    "no": "nodes",
    "ns": "namespaces",
    "pc": "priorityclasses",
    "pdb": "poddisruptionbudgets",
    "po": "pods",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "sa": "serviceaccounts",
    "sc": "storageclasses",
    "svc": "services",
    "vs": "volumesnapshots",
    "vsc": "volumesnapshotcontents",
}


def plural_of(word: str, others: Iterable[str] = ()) -> str | None:
    """The plural for `pod`, `Pod`, `po` or `pods`; of `others`, which are custom resources, also
    for what comes before their group. None for no kind, and where several are meant."""
    wanted = word.lower()
    singular = {kind.kind.lower(): plural for plural, kind in REGISTRY.items()}
    if plural := SHORT.get(wanted) or singular.get(wanted):
        return plural
    known = {*REGISTRY, *others}
    if wanted in known:
        return wanted
    named = [each for each in known if each.partition(".")[0] in (wanted, f"{wanted}s")]
    return named[0] if len(named) == 1 else None


def plural_or_error(word: str, others: Iterable[str] = ()) -> str:
    """Raises ConfigError, which says what may have been meant."""
    others = list(others)
    if plural := plural_of(word, others):
        return plural
    known = sorted({*REGISTRY, *others})
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    raise ConfigError(
        f'there is no kind "{word}"; '
        + (f'did you mean "{close[0]}"?' if close else f"write one of: {', '.join(known)}")
    )
