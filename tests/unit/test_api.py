import pytest

from common.errors import AlreadyExistsError, ApiError, ConflictError, NotFoundError, RetryError
from common.kind import Kind
from common.kube.api import (
    Lines,
    answer_error,
    object_path,
    parse_seconds,
    status_error,
    with_preconditions,
)

PODS = Kind("pods", "Pod", "pods", lambda obj, _: obj)
SLICES = Kind("endpointslices", "EndpointSlice", "", lambda obj, _: obj, group="discovery.k8s.io")
NODES = Kind("nodes", "Node", "", lambda obj, _: obj, namespaced=False)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (object_path(PODS), "/api/v1/pods"),
        (object_path(PODS, "ns"), "/api/v1/namespaces/ns/pods"),
        (object_path(PODS, "ns", "web", "status"), "/api/v1/namespaces/ns/pods/web/status"),
        (object_path(NODES, "ignored", "n1"), "/api/v1/nodes/n1"),
        (object_path(SLICES, "a"), "/apis/discovery.k8s.io/v1/namespaces/a/endpointslices"),
        (object_path(NODES, "", "../x?y"), "/api/v1/nodes/..%2Fx%3Fy"),
    ],
)
def test_paths_follow_the_api_and_names_cannot_leave_their_place(path: str, wanted: str) -> None:
    assert path == wanted


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (409, "Conflict", ConflictError),
        (409, "AlreadyExists", AlreadyExistsError),
        (404, "NotFound", NotFoundError),
        (410, "Expired", ApiError),
        (422, "Invalid", ApiError),
        (403, "Forbidden", ApiError),
        (401, "Unauthorized", RetryError),
        (429, "TooManyRequests", RetryError),
        (500, "InternalError", RetryError),
        (503, "ServiceUnavailable", RetryError),
    ],
)
def test_each_answer_has_its_outcome(status: int, reason: str, kind: type[Exception]) -> None:
    error = status_error("it failed", {"code": status, "reason": reason})
    assert type(error) is kind


@pytest.mark.parametrize(
    "words",
    [
        "etcdserver: request is too large",
        "rpc error: code = ResourceExhausted desc = trying to send message larger than max"
        " (2531877 vs. 2097152)",
    ],
)
def test_an_object_that_etcd_finds_too_large_is_refused_though_the_code_is_500(words: str) -> None:
    error = status_error(f"host: POST /x: 500 {words}", {"code": 500, "message": words})
    assert isinstance(error, ApiError)
    assert error.reason == "RequestEntityTooLarge"


def test_a_status_in_a_watch_may_ask_to_wait() -> None:
    error = status_error("busy", {"code": 429, "details": {"retryAfterSeconds": 2}})
    assert isinstance(error, RetryError)
    assert error.after_s == 2


def test_a_page_of_a_proxy_is_quoted_shortened() -> None:
    error = answer_error("host: GET /x", 502, b"<html>" + b"x" * 5000)
    assert isinstance(error, RetryError)
    assert len(str(error)) < 300


def test_a_retry_after_date_counts_as_absent() -> None:
    assert parse_seconds("Wed, 21 Oct 2026 07:28:00 GMT") is None
    assert parse_seconds("-1") == 0


def test_preconditions_do_not_change_the_patch_given() -> None:
    patch = {"metadata": {"labels": {"a": "b"}}}
    held = with_preconditions(patch, "u1", "")
    assert held == {"metadata": {"labels": {"a": "b"}, "uid": "u1"}}
    assert patch == {"metadata": {"labels": {"a": "b"}}}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_however_the_stream_is_cut(size: int) -> None:
    text = b"one\n\ntwo\nthree\nfour"
    lines = Lines()
    got = [line for at in range(0, len(text), size) for line in lines.feed(text[at : at + size])]
    assert got == [b"one", b"two", b"three"]


def test_a_patch_for_an_object_of_another_uid_is_a_conflict() -> None:
    details = {"causes": [{"reason": "FieldValueInvalid", "field": "metadata.uid"}]}
    status = {"code": 422, "reason": "Invalid", "details": details}
    assert isinstance(status_error("uid", status), ConflictError)
