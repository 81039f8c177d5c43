"""Label selectors, and the pods and namespaces that they may select: few keys, so that they do."""

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.strategies import Strategy, optional

KEYS = st.sampled_from(["app", "release", "vcluster.loft.sh/managed-by", "kubernetes.io/name"])
VALUES = st.sampled_from(["a", "b", "v"])
BORNE = st.dictionaries(KEYS, VALUES, max_size=3)
_ONE_OF = st.fixed_dictionaries(
    {
        "key": KEYS,
        "operator": st.sampled_from(["In", "NotIn"]),
        "values": st.lists(VALUES, min_size=1, max_size=2, unique=True),
    }
)
_WHETHER = st.fixed_dictionaries(
    {"key": KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])}
)


def selectors() -> Strategy[Obj]:
    """As API servers take them, the empty one included."""
    return optional(
        matchLabels=st.dictionaries(KEYS, VALUES, max_size=2),
        matchExpressions=st.lists(_ONE_OF | _WHETHER, max_size=2),
    )


def selects(selector: Obj, borne: dict[str, str]) -> bool:
    """Whether Kubernetes would select what bears these labels."""
    matched: dict[str, str] = selector.get("matchLabels") or {}
    if any(borne.get(key) != value for key, value in matched.items()):
        return False
    return all(_holds(each, borne) for each in selector.get("matchExpressions") or ())


def _holds(expression: Obj, borne: dict[str, str]) -> bool:
    there = expression["key"] in borne
    match expression["operator"]:
        case "Exists":
            return there
        case "DoesNotExist":
            return not there
        case "In":
            return there and borne[expression["key"]] in expression["values"]
        case _:
            return not there or borne[expression["key"]] not in expression["values"]
