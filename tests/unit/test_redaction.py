"""Errors repeat nothing secret of what was sent."""

import base64

from common.kube.api import answer_error
from common.redaction import REDACTED, redacted

PATH = "host: POST /api/v1/namespaces/h/secrets"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def test_values_of_a_secret_are_left_out_in_both_forms() -> None:
    body = {"data": {"password": encoded("hunter2hunter2")}}
    for form in ("hunter2hunter2", encoded("hunter2hunter2")):
        assert redacted(f'denied: "{form}" is weak', PATH, body) == f'denied: "{REDACTED}" is weak'


def test_plain_values_and_single_lines_are_left_out() -> None:
    body = {"stringData": {"key": "-----BEGIN-----\nMIIEvQIBADAN\n"}}
    assert "MIIEvQIBADAN" not in redacted('line "MIIEvQIBADAN\\n" is bad', PATH, body)


def test_tokens_are_left_out_of_any_error() -> None:
    assert redacted(f"annotation {TOKEN} too long", "host: POST /api/v1/pods", {}) == (
        f"annotation {REDACTED} too long"
    )


def test_other_objects_are_quoted_as_they_are() -> None:
    body = {"data": {"mode": "production"}}
    text = "mode production is unknown"
    assert redacted(text, "host: POST /api/v1/namespaces/h/configmaps", body) == text


def test_an_error_answer_repeats_no_secret() -> None:
    raw = b'{"message": "admission webhook denied: s3cret-value", "reason": "Forbidden"}'
    error = answer_error(PATH, 403, raw, {}, {"data": {"a": encoded("s3cret-value")}})
    assert "s3cret" not in str(error)
    assert "admission webhook denied" in str(error)


def test_odd_bodies_are_no_trouble() -> None:
    assert redacted("x", PATH, {"data": {"a": None, "b": "not base64!"}, "stringData": None}) == "x"
