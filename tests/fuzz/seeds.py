"""Where fuzzing starts from: good input of each sort."""

from collections import defaultdict
from pathlib import Path

import orjson
import yaml
from redis import Redis

from common.keys import Key
from common.objects import Obj
from common.workqueue import jobs

_ROOT = Path(__file__).parents[2]
_KEYS = (
    Key("my-vcluster", "pods", "default", "web-0"),
    Key("v", "nodes", "", "node.example.com"),
    Key("v", "widgets.example.com", "a", "b"),
)
JOB_IDS = tuple(jobs.job_id(key).encode() for key in _KEYS)
QUEUES = tuple(jobs.queue_name(key.cluster, key.plural) for key in _KEYS)
# Building a job sends nothing.
PAYLOADS = (
    *(jobs.build(Redis(), key).to_dict()["data"] for key in _KEYS),
    orjson.dumps(["os.system", None, ["true"], {}]),
    b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
)
STATUS: Obj = {
    "kind": "Status",
    "status": "Failure",
    "message": 'pods "web-0" is forbidden',
    "reason": "Forbidden",
    "details": {
        "name": "web-0",
        "kind": "pods",
        "retryAfterSeconds": 1,
        "causes": [{"reason": "FieldValueForbidden", "field": "metadata.uid", "message": "x"}],
    },
    "code": 403,
}
CONFIGS = (
    *(file.read_bytes() for file in sorted((_ROOT / "deploy" / "examples").glob("*.yaml"))),
    b"""virtualClusters:
- name: v
  hostNamespace: h
  kubeconfig: k
  sync:
    toHost:
      namespaces: {enabled: true, mappings: {byName: {"team-*": "v-*"}}}
      customResources:
        widgets.example.com:
          enabled: true
          patches: [{path: spec.size, expression: "value + 1", reverseExpression: "value - 1"}]
      pods: {translateImage: {"a/": "b/"}, patches: [{path: "metadata.labels", expression: "{}"}]}
""",
)


def _objects() -> list[tuple[str, Obj]]:
    """Plural and object of every input among the golden vectors."""
    found = []
    for file in sorted((_ROOT / "tests" / "vectors").glob("*/*.input.yaml")):
        given = yaml.safe_load(file.read_text())
        for side in ("virtual", "host"):
            if isinstance(obj := given.get(side), dict):
                obj.setdefault("metadata", {}).setdefault("resourceVersion", "1")
                found.append((file.parent.name, obj))
    return found


OBJECTS = _objects()
OF_KIND: dict[str, list[Obj]] = defaultdict(list)
for _plural, _obj in OBJECTS:
    OF_KIND[_plural].append(_obj)
