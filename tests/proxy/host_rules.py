"""What tohost may write on the host, said without any of the code that decides what it writes.

Every object that it makes bears the mark of its virtual cluster: the managed-by label, and
annotations that tell the virtual object. What it changes or deletes bore the mark just before, and
it names the uid that it means, so that nothing else of the same name is hit. All is in the host
namespace, or with namespace sync in host namespaces that bear the mark. The exceptions:

- Endpoints and EndpointSlices that the host's controllers made for a marked Service bear a copy of
  its label, and go when the Service gains or loses its selector (`_is_copied`, `_names_a_mark`).
- The Secret with a pod's tokens bears the label only; the pod that owns it is ours
  (`_is_token_secret`). It is written anew by name.
- A namespace that an operator handed over bears the label and the virtual name only until it is
  taken (`_is_handed_over`); when it is given back the mark goes, and nothing of its maker's.
- What tohost made stays its own when a webhook takes the mark off (`_made`).

Dry runs and requests that failed changed nothing, and reviews of rights write nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from common.objects import Obj, annotations, labels, meta, uid
from tests.proxy.audit import Write

PREFIX: Final = "vcluster.loft.sh/"
MARK: Final = f"{PREFIX}managed-by"
IMPORTED: Final = f"{PREFIX}imported"
_NOTES: Final = frozenset(f"{PREFIX}{each}" for each in ("name", "uid", "kind"))
_REVIEWS: Final = ("authorization.k8s.io", "authentication.k8s.io")
_SERVICE: Final = "kubernetes.io/service-name"
_LABEL_MAX: Final = 63


class HostRules:
    """`tenants`: the host namespace of each virtual cluster; of those in `mapped` namespaces are
    synced. `inspect` and `judge` are for a Proxy and its Audit."""

    def __init__(self, tenants: Mapping[str, str], mapped: frozenset[str] = frozenset()) -> None:
        self._tenants = tenants
        self._mapped = mapped
        self._wide = {f"{namespace}-x-{name}": name for name, namespace in tenants.items()}
        if any(len(each) > _LABEL_MAX for each in self._wide):
            raise ValueError("marks of cluster-scoped objects would be cut; choose shorter names")
        self._made: set[str] = set()
        self._sent_namespaces: dict[str, str] = {}

    def inspect(self, write: Write) -> Iterator[str]:
        """What must be known of a write before it is done."""
        if (write.target.plural, write.verb) == ("namespaces", "create"):
            name = meta(write.body).get("name", "")
            self._sent_namespaces[name] = labels(write.body).get(MARK, "")
        if write.verb != "create" and write.target.plural:
            yield write.own_path
        if self._mapped and write.target.namespace:
            yield _namespace_path(write)

    def judge(self, write: Write) -> Iterator[str]:
        """What is wrong with it, in words."""
        if not write.may_have_happened or write.target.group in _REVIEWS:
            return
        if write.verb == "create":
            yield from self._judge_creation(write)
        elif write.verb in ("patch", "delete", "deletecollection"):
            yield from self._judge_change(write)
        else:
            yield f"{write}: is nothing that tohost does"

    def _judge_creation(self, write: Write) -> Iterator[str]:
        body = write.body
        if write.target.subresource:
            yield f"{write}: creates a {write.target.subresource}"
        elif not self._is_marked(write, body) and not self._is_token_secret(write, body):
            yield f"{write}: bears no mark of ours: {_marks(body)}"
        yield from self._judge_place(write, body)
        if write.status:
            self._made.add(uid(write.answered))

    def _judge_change(self, write: Write) -> Iterator[str]:
        if write.verb == "deletecollection":
            if not self._names_a_mark(write):
                yield f"{write}: deletes whatever is there"
            return
        for before in write.before:
            if not self._is_ours(write, before):
                yield f"{write}: is not ours: {_marks(before)}"
                continue
            yield from self._judge_place(write, before)
            yield from self._judge_condition(write, before)
            yield from self._judge_mark(write, before)
        if not write.before and write.status:
            yield f"{write}: nothing was there just before"

    def _judge_condition(self, write: Write, before: Obj) -> Iterator[str]:
        """Whether the API server would have refused it for any other object of that name."""
        if write.verb == "delete":
            meant = (write.body.get("preconditions") or {}).get("uid")
        else:
            meant = uid(write.body)
        if meant != uid(before) and (meant or not self._is_token_secret(write, before)):
            yield f"{write}: means uid {meant!r}, and {uid(before)!r} was there"

    def _judge_mark(self, write: Write, before: Obj) -> Iterator[str]:
        """Whether it still bears the mark afterwards, or was given back."""
        mark = labels(before).get(MARK)
        after = labels(write.body).get(MARK, mark)
        given_back = after is None and IMPORTED in annotations(before)
        if after != mark and not given_back and uid(before) not in self._made:
            yield f"{write}: changes the mark from {mark!r} to {after!r}"

    def _judge_place(self, write: Write, obj: Obj) -> Iterator[str]:
        """Whether it is where the objects of its virtual cluster belong."""
        namespace = write.target.namespace
        owner = labels(obj).get(MARK) or self._owner_of(namespace)
        if not namespace:
            return
        if owner in self._mapped:
            if self._wide.get(self._mark_of_namespace(write)) != owner:
                yield f"{write}: namespace {namespace} is none of {owner}'s"
        elif self._tenants.get(owner) != namespace:
            yield f"{write}: {namespace} is not the host namespace of {owner!r}"

    def _mark_of_namespace(self, write: Write) -> str:
        """That of the namespace as it was just before; of one that was not there yet then, and can
        only have come since, the mark with which it was sent."""
        there = write.found.get(_namespace_path(write))
        if there is None:
            return self._sent_namespaces.get(write.target.namespace, "")
        return labels(there).get(MARK, "")

    def _owner_of(self, namespace: str) -> str:
        return next((name for name, own in self._tenants.items() if own == namespace), "")

    def _is_ours(self, write: Write, before: Obj) -> bool:
        return (
            self._is_marked(write, before)
            or self._is_copied(write, before)
            or self._is_token_secret(write, before)
            or self._is_handed_over(write, before)
            or uid(before) in self._made
        )

    def _is_marked(self, write: Write, obj: Obj) -> bool:
        known = self._tenants if write.target.namespace else self._wide
        return labels(obj).get(MARK) in known and annotations(obj).keys() >= _NOTES

    def _is_copied(self, write: Write, obj: Obj) -> bool:
        deletes_endpoints = (write.target.plural, write.verb) == ("endpoints", "delete")
        return deletes_endpoints and labels(obj).get(MARK) in self._tenants

    def _names_a_mark(self, write: Write) -> bool:
        """Whether it deletes just the slices of one Service that bear the mark of a virtual cluster
        whose objects belong there."""
        terms = write.query.get("labelSelector", "").split(",")
        chosen = dict(term.split("=", 1) for term in terms if "=" in term)
        if write.target.plural != "endpointslices" or chosen.keys() != {_SERVICE, MARK}:
            return False
        obj: Obj = {"metadata": {"labels": chosen}}
        return chosen[MARK] in self._tenants and not list(self._judge_place(write, obj))

    def _is_token_secret(self, write: Write, obj: Obj) -> bool:
        if write.target.plural != "secrets" or labels(obj).get(MARK) not in self._tenants:
            return False
        return any(owner.get("uid") in self._made for owner in meta(obj).get("ownerReferences", ()))

    def _is_handed_over(self, write: Write, before: Obj) -> bool:
        marked = self._wide.get(labels(before).get(MARK, "")) in self._mapped
        return marked and (write.target.plural, write.verb) == ("namespaces", "patch")


def _namespace_path(write: Write) -> str:
    return f"/api/v1/namespaces/{write.target.namespace}"


def _marks(obj: Obj) -> dict[str, str]:
    everything = {**annotations(obj), **labels(obj)}
    return {key: value for key, value in everything.items() if key.startswith(PREFIX)}
