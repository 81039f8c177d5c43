"""What expressions see of an object, and how much of it."""

from collections.abc import Mapping
from typing import Any

from common.cluster import Cluster
from common.kind import Kind
from common.metadata import LAST_APPLIED
from common.naming import host_name, host_namespace
from common.objects import Obj, annotations, labels, name_of, namespace_of
from common.patches.expression import Expression
from common.patches.path import Place, shown
from common.patches.values import MAX_LOOPED, EvaluationError, check_input

# What a Secret holds: never to be seen by an expression, whose result others may read.
SECRET_FIELDS = ("data", "stringData", "dataDigest", "dataKeys")


class Scope:
    """For one virtual object; made when the first expression needs it."""

    def __init__(self, kind: Kind, virtual: Obj, cluster: Cluster) -> None:
        self._kind = kind
        self._virtual = virtual
        self._cluster = cluster
        self._looped = 0
        self._made: dict[tuple[frozenset[str], bool], dict[str, Any]] = {}

    def evaluate(self, expression: Expression, value: Any, exists: bool, place: Place) -> Any:
        """What an expression makes of a value of the object. Raises EvaluationError."""
        size = check_input(value, loops=expression.loops)
        if expression.loops:
            self._looped += size
            if self._looped > MAX_LOOPED:
                raise EvaluationError(
                    f"the values have more than {MAX_LOOPED} entries and characters in all, and "
                    "loops take no more"
                )
        return expression.evaluate(value, exists, self._variables(expression, place))

    def _variables(self, expression: Expression, place: Place) -> Mapping[str, Any]:
        asked = expression.reads, expression.loops
        if asked not in self._made:
            context = self._context(expression.reads)
            check_input(context, loops=expression.loops)
            self._made[asked] = context
        return {**self._made[asked], "path": shown(place)}

    def _context(self, reads: frozenset[str]) -> dict[str, Any]:
        cluster, virtual = self._cluster, self._virtual
        name, namespace = name_of(virtual), namespace_of(virtual)
        own: Obj = {"name": name, "namespace": namespace, "labels": labels(virtual)}
        context: Obj = {
            "virtualCluster": {"name": cluster.name, "hostNamespace": cluster.host_namespace},
            "vcluster": {"name": cluster.name, "namespace": cluster.host_namespace},
            "virtual": own,
            "host": self._host(namespace, name),
        }
        if "annotations" in reads:
            notes = annotations(virtual).items()
            own["annotations"] = {key: note for key, note in notes if key != LAST_APPLIED}
        if "virtualObject" in reads:
            context["virtualObject"] = self._shown_object
        return context

    def _host(self, namespace: str, name: str) -> dict[str, str]:
        cluster, kind = self._cluster, self._kind
        if not kind.namespaced:
            return {"name": kind.host_name(cluster, name), "namespace": ""}
        return {
            "name": host_name(cluster, namespace, name, kind.plural),
            "namespace": host_namespace(cluster, namespace),
        }

    @property
    def _shown_object(self) -> Obj:
        if self._kind.plural != "secrets":
            return self._virtual
        return {key: value for key, value in self._virtual.items() if key not in SECRET_FIELDS}
