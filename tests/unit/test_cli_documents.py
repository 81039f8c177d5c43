"""Manifests in and out: what kubectl would read, and what every YAML reader takes for text."""

import orjson
import pytest
import yaml

from common.errors import ConfigError
from common.objects import Obj
from tohost.documents import parse_documents, write_json_list, write_yaml

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def parsed(text: str) -> list[Obj]:
    return list(parse_documents(text, "f.yaml"))


def test_all_documents_of_a_stream_are_read_and_empty_ones_are_not() -> None:
    assert len(parsed(f"---\n{HEAD}---\n---\n# nothing\n---\n{HEAD}")) == 2


def test_lists_are_taken_apart_even_when_nested() -> None:
    item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    inner = {"apiVersion": "v1", "kind": "List", "items": [item, item]}
    assert parsed(orjson.dumps({**inner, "items": [inner, item]}).decode()) == [item, item, item]


def test_items_of_a_typed_list_get_its_kind() -> None:
    (pod,) = parsed("apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]")
    assert (pod["apiVersion"], pod["kind"]) == ("v1", "Pod")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02", "2024-01-02"),
        ("22:22", "22:22"),
        ("=", "="),
        ("<<", "<<"),
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("08", "08"),
        ("-7", -7),
        ("yes", True),
        ("~", None),
    ],
)
def test_plain_values_mean_what_they_mean_to_kubectl(text: str, value: object) -> None:
    (obj,) = parsed(HEAD + f"data: {{k: {text}}}")
    assert obj["data"]["k"] == value


@pytest.mark.parametrize(
    "text",
    ["y", "no", "null", "1e3", "0644", "0o17", "10.96.0.1", "22:22", "", "a: b", "line\nline\n"],
)
def test_text_stays_text_for_whoever_reads_it(text: str) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": text}}
    written = write_yaml([obj])
    assert parsed(written) == [obj]
    assert yaml.safe_load(written) == obj


def test_json_objects_may_follow_one_another_as_kubectl_create_prints_them() -> None:
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} for name in "ab"]
    assert parsed("\ufeff" + "\n".join(orjson.dumps(pod).decode() for pod in pods) + "\n") == pods


def test_keys_that_yaml_takes_for_something_else_are_text() -> None:
    (obj,) = parsed(HEAD + "data: {on: a, 2: b, 1.5: c, ~: d}")
    assert obj["data"] == {"true": "a", "2": "b", "1.5": "c", "null": "d"}
    assert orjson.loads(write_json_list([obj]))["items"] == [obj]


def test_json_is_one_list() -> None:
    pods = [{"kind": "Pod"}, {"kind": "Pod"}]
    content = orjson.loads(write_json_list(pods))
    assert (content["apiVersion"], content["kind"], content["items"]) == ("v1", "List", pods)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "f.yaml: document 1: is no Kubernetes object; write apiVersion, kind"),
        (f"{HEAD}---\nkind: Pod", "f.yaml: document 2: .* write its apiVersion and metadata.name"),
        ("apiVersion: v1\nkind: List\nitems: [1]", "f.yaml: document 1, item 1: is no Kub"),
        ("a: [", "f.yaml:2: is not valid YAML"),
        ("a: &a [*a]", "f.yaml: is not valid YAML"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: 5}", "metadata.name: is 5; write text"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {on: true}}",
            r'document 1: metadata.labels\["true"\]: is true; write text, in quotes',
        ),
    ],
)
def test_what_is_no_manifest_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parsed(text)
