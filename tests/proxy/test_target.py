"""What requests are about."""

from __future__ import annotations

import pytest

from tests.proxy import Target, parse_target
from tests.proxy.target import verb_of


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/pods", Target("", "v1", "", "pods")),
        ("/api/v1/namespaces/a/pods/b/status", Target("", "v1", "a", "pods", "b", "status")),
        ("/api/v1/namespaces/a", Target("", "v1", "", "namespaces", "a")),
        ("/api/v1/namespaces/a/finalize", Target("", "v1", "", "namespaces", "a", "finalize")),
        ("/apis/apps/v1/namespaces/a/x", Target("apps", "v1", "a", "x")),
        ("/apis/g.io/v1/classes/b", Target("g.io", "v1", "", "classes", "b")),
    ],
)
def test_a_path_tells_kind_and_name(path: str, target: Target) -> None:
    assert parse_target(path) == target


@pytest.mark.parametrize("path", ["/", "/readyz", "/api", "/api/v1", "/apis", "/apis/apps/v1"])
def test_discovery_and_health_are_about_no_object(path: str) -> None:
    assert parse_target(path).plural == ""


def test_the_path_of_a_target_leads_to_its_object() -> None:
    target = parse_target("/apis/apps/v1/namespaces/a/deployments/b/scale")
    assert target.path() == "/apis/apps/v1/namespaces/a/deployments/b"


@pytest.mark.parametrize(
    ("method", "path", "query", "verb"),
    [
        ("GET", "/api/v1/pods", {}, "list"),
        ("GET", "/api/v1/pods", {"watch": "1"}, "watch"),
        ("GET", "/api/v1/nodes/a", {}, "get"),
        ("POST", "/api/v1/pods", {}, "create"),
        ("DELETE", "/api/v1/nodes/a", {}, "delete"),
        ("DELETE", "/api/v1/nodes", {}, "deletecollection"),
        ("GET", "/version", {}, ""),
    ],
)
def test_verbs_are_those_of_rbac(method: str, path: str, query: dict[str, str], verb: str) -> None:
    assert verb_of(method, parse_target(path), query) == verb
