"""Our host objects against the reference's, file by file."""

import re

import pytest

from common.context import Context, Related
from common.kinds import REGISTRY
from common.naming import PREFIX
from common.objects import Obj, annotations, merge_patch, name_of
from tests.reference.cases import CLUSTER, TRANSLATED, around, differing, load
from tests.reference.differences import ALLOWED
from workers.plan import host_object, plan
from workers.translate import translate_documents


def unexplained(name: str) -> list[str]:
    made = translate_documents([load(name)["virtual"]], around(), CLUSTER).objects
    allowed = [path for files, path, _ in ALLOWED if re.fullmatch(files, name)]
    paths = differing(made[0], load(name)["host"])
    return [path for path in paths if not any(re.fullmatch(each, path) for each in allowed)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_host_object_agrees_with_the_reference(name: str) -> None:
    assert unexplained(name) == []


@pytest.mark.parametrize(("files", "path", "rule"), ALLOWED)
def test_every_allowed_difference_exists(files: str, path: str, rule: str) -> None:
    paths = [
        found
        for name in TRANSLATED
        if re.fullmatch(files, name)
        for found in differing(
            translate_documents([load(name)["virtual"]], around(), CLUSTER).objects[0],
            load(name)["host"],
        )
    ]
    assert any(re.fullmatch(path, found) for found in paths), rule


def as_ours(host: Obj, virtual: Obj, context: Context) -> Obj:
    """A reference host object with the identity that we would have given it, not its own."""
    kind = next(kind for kind in REGISTRY.values() if kind.kind == virtual["kind"])
    made = annotations(host_object(kind, virtual, context))
    foreign = {key: None for key in annotations(host) if f"{PREFIX}object-" in key}
    result: Obj = merge_patch(host, {"metadata": {"annotations": {**foreign, **made}}})
    return result


def oracle(extra: dict[str, str]) -> Context:
    namespace = merge_patch(load("namespace-oracle")["virtual"], {"metadata": {"labels": extra}})
    return Context(CLUSTER, Related(namespace=namespace))


def test_an_update_of_a_pod_and_its_namespace_arrives_as_in_the_reference() -> None:
    files, context = load("update-virtual--pod-plain"), oracle({"newns": "1", "team": "b"})
    before = as_ours(files["host_before"], files["virtual_before"], oracle({}))
    (patch,) = plan(REGISTRY["pods"], files["virtual"], before, context)
    after = merge_patch(before, patch.patch)  # type: ignore[union-attr]
    assert list(differing(after, as_ours(files["host"], files["virtual"], context))) == [
        "/metadata/generation",
        "/metadata/resourceVersion",
    ]


@pytest.mark.parametrize("name", ["status--pod-plain", "status--service-lb"])
def test_a_pair_whose_status_came_up_needs_nothing_more(name: str) -> None:
    files, context = load(name), oracle({})
    kind = next(kind for kind in REGISTRY.values() if kind.kind == files["virtual"]["kind"])
    host = as_ours(files["host"], files["virtual"], context)
    assert plan(kind, files["virtual"], host, context) == []


def test_a_status_comes_up_as_in_the_reference() -> None:
    files, context = load("status--pod-plain"), oracle({})
    virtual = {**load("pod-plain")["virtual"], "metadata": files["virtual"]["metadata"]}
    host = as_ours(files["host"], virtual, context)
    bind, patch = plan(REGISTRY["pods"], virtual, host, context)
    assert (bind.node, bind.name) == ("node-1", name_of(virtual))  # type: ignore[union-attr]
    status = merge_patch(virtual["status"], patch.patch["status"])  # type: ignore[union-attr]
    assert status == files["virtual"]["status"]
