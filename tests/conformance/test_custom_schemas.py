"""Custom resources follow the schema of their definition."""

from __future__ import annotations

from tests.conformance.api import Api, Object
from tests.conformance.definitions import FREE, Define, create, widget

STRUCTURAL: Object = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["source"],
            "properties": {
                "source": {
                    "type": "object",
                    "properties": {
                        "a": {"type": "string", "minLength": 1},
                        "b": {"type": "string"},
                    },
                    "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
                },
                "size": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
                "policy": {"type": "string", "enum": ["Delete", "Retain"]},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
                "words": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": FREE,
                "amount": {"x-kubernetes-int-or-string": True},
                "note": {"type": "string", "nullable": True},
                "at": {"type": "string", "format": "date-time"},
                "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}


async def test_unknown_fields_are_dropped_and_defaults_filled_in(api: Api, define: Define) -> None:
    path = api.path("widgets", group=f"{await define(schema=STRUCTURAL)}/v1")
    spec = {"source": {"a": "x", "c": 1}, "junk": 1, "free": {"any": {"thing": 1}}}
    spec |= {"words": {"k": "v"}, "note": None, "policy": None, "tags": None}
    created = await create(api, path, widget("a", spec=spec, junk=2))
    assert created["spec"] == {
        "source": {"a": "x"},
        "free": {"any": {"thing": 1}},
        "words": {"k": "v"},
        "note": None,
        "size": 3,
    }
    assert "junk" not in created
    answer = await api.patch(f"{path}/a", {"spec": {"junk": 1, "size": None}})
    assert answer.metadata["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_unknown_fields_are_refused_when_asked_for(api: Api, define: Define) -> None:
    group = await define(schema=STRUCTURAL)
    wanted = widget("a", spec={"source": {"a": "x"}, "junk": 1})
    path = api.path("widgets", group=f"{group}/v1") + "?fieldValidation=Strict"
    answer = await api.post(path, {"apiVersion": f"{group}/v1"} | wanted)
    assert answer.code == 400
    assert answer.message.endswith('strict decoding error: unknown field "spec.junk"')


BAD: list[tuple[Object, list[str]]] = [
    ({"size": "big"}, ["spec.size"]),
    ({"size": 0}, ["spec.size"]),
    ({"size": 9}, ["spec.size"]),
    ({"policy": "Keep"}, ["spec.policy"]),
    ({"tags": "x"}, ["spec.tags"]),
    ({"tags": ["x", 1]}, ["spec.tags[1]"]),
    ({"tags": ["x", "y", "z"]}, ["spec.tags"]),
    ({"words": {"k": 1}}, ["spec.words.k"]),
    ({"amount": True}, ["spec.amount"]),
    ({"at": "yesterday"}, ["spec.at"]),
    ({"code": "A1"}, ["spec.code"]),
    ({"code": "abcdefgh"}, ["spec.code"]),
    ({"source": {"a": ""}}, ["spec.source.a"]),
    ({"source": {"a": "x", "b": "y"}}, ["<nil>"]),
]


async def test_what_the_schema_forbids_is_refused(api: Api, define: Define) -> None:
    group = await define(schema=STRUCTURAL)
    path = api.path("widgets", group=f"{group}/v1")
    blamed = []
    for spec, _ in BAD:
        wanted = widget("a", spec={"source": {"a": "x"}} | spec)
        answer = await api.post(path, {"apiVersion": f"{group}/v1"} | wanted)
        blamed.append((spec, answer.fields))
    assert blamed == BAD
    empty = await api.post(path, {"apiVersion": f"{group}/v1"} | widget("a"))
    assert (empty.code, empty.fields) == (422, ["spec"])


async def test_a_status_follows_the_schema_too(api: Api, define: Define) -> None:
    path = api.path("widgets", group=f"{await define(schema=STRUCTURAL)}/v1")
    await create(api, path, widget("a", spec={"source": {"a": "x"}}))
    answer = await api.patch(f"{path}/a/status", {"status": {"ready": True, "junk": 1}})
    assert answer.body["status"] == {"ready": True}
    answer = await api.patch(f"{path}/a/status", {"status": {"ready": "x"}})
    assert (answer.code, answer.fields) == (422, ["status.ready"])
