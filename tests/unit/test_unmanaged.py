"""A Pod as a kube-apiserver sends it, shortened."""

import orjson

from common.kube.api import parse_event, parse_object

POD = (
    b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","resourceVersion":"12","labels":'
    b'{"app":"web"},"managedFields":[{"manager":"kubectl-create","operation":"Update","apiVersion":'
    b'"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels"'
    b':{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":'
    b'{}}}}}}]},"spec":{"containers":[{"name":"web"}]}}'
)


def test_an_answer_comes_without_managed_fields() -> None:
    pod = parse_object(POD)
    assert pod["metadata"] == {"name": "web", "resourceVersion": "12", "labels": {"app": "web"}}
    assert pod["spec"] == {"containers": [{"name": "web"}]}


def test_an_event_comes_without_managed_fields() -> None:
    kind, pod = parse_event(b'{"type":"ADDED","object":' + POD + b"}\n")
    assert (kind, pod) == ("ADDED", parse_object(POD))


def test_managed_fields_with_a_bracket_in_a_name_change_nothing_else() -> None:
    raw = POD.replace(b"kubectl-create", b'odd]},"spec":{"containers":[]}}'.replace(b'"', b'\\"'))
    pod = parse_object(raw)
    assert pod == orjson.loads(raw)
    assert pod["spec"] == {"containers": [{"name": "web"}]}
