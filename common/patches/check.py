"""Whether a rule can be followed for a kind: what the configuration is told at start."""

from collections.abc import Mapping

from common.errors import ConfigError
from common.kind import Kind
from common.patches.path import Path, parse, refusal
from common.patches.reference import Reference
from common.patches.rules import PatchRule
from common.patches.scope import SECRET_FIELDS


def check_rule(kind: Kind, rule: PatchRule, kinds: Mapping[str, Kind]) -> tuple[str, str] | None:
    """The field of the rule that is wrong, and why; None when it can be followed."""
    path = parse(rule.path)
    down = bool(rule.expression) or not rule.reverse
    if down and (reason := refusal(path)):
        return "path", reason
    if kind.plural == "secrets" and (reason := _secret_refusal(path)):
        return "path", reason
    if rule.reference is None:
        return None
    try:
        Reference(path, rule.reference, kinds, kind.namespaced)
    except ConfigError as error:
        return "reference", str(error)
    return None


def _secret_refusal(path: Path) -> str:
    if path[0] not in SECRET_FIELDS:
        return ""
    return (
        "can't be patched, since what Secrets hold goes from cluster to cluster unseen; of Secrets "
        "only labels, annotations, type and immutable can be"
    )
