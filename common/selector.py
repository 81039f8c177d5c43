"""Label selectors: which labels they select. What isn't understood selects nothing."""

from collections.abc import Mapping

from common.objects import Obj

_TEXTS = {"NotIn": "{key} notin ({values})", "Exists": "{key}"}


def selects(selector: Obj, labels: Mapping[str, str]) -> bool:
    """Whether the selector selects an object with these labels; an empty one selects any."""
    wanted = (selector.get("matchLabels") or {}).items()
    expressions = selector.get("matchExpressions") or ()
    return wanted <= labels.items() and all(_holds(each, labels) for each in expressions)


def selector_text(selector: Obj) -> str:
    """The selector as the query of a list has it; of the operators only NotIn and Exists."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        values = ",".join(each.get("values") or ())
        terms.append(_TEXTS[each["operator"]].format(key=each["key"], values=values))
    return ",".join(terms)


def _holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key") or "", expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
