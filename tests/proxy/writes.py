"""Writes as a proxy would have noted them, made up."""

from collections.abc import Mapping
from typing import Any

import orjson

from common.objects import Obj
from tests.proxy.audit import Write
from tests.proxy.host_rules import MARK, PREFIX
from tests.proxy.target import parse_target, verb_of

H = "/api/v1/namespaces/h"
NO_QUERY: Mapping[str, str] = {}


def write(
    method: str,
    path: str,
    body: Obj,
    before: Obj | None = None,
    query: Mapping[str, str] = NO_QUERY,
    status: int = 200,
) -> Write:
    """One that the API server answered with `body`, or `before` where there was that."""
    target = parse_target(path)
    made = Write(
        time_s=0,
        method=method,
        verb=verb_of(method, target, query),
        path=path,
        query=query,
        target=target,
        content_type="application/json",
        agent="",
        raw=orjson.dumps(body),
        forwarded=True,
        status=status,
        answer=orjson.dumps(before or body),
    )
    if method != "POST":
        made.found[made.own_path] = before
    return made


def marked(name: str = "a", mark: str = "v", uid: str = "u", **metadata: Any) -> Obj:
    """An object of ours as it is on the host."""
    notes = {f"{PREFIX}{each}": "x" for each in ("name", "uid", "kind")}
    whole = {"name": name, "uid": uid, "labels": {MARK: mark}, "annotations": notes, **metadata}
    return {"metadata": whole}


def patch(path: str, before: Obj, uid: str = "u", **content: Any) -> Write:
    metadata = {**content.pop("metadata", {}), **({"uid": uid} if uid else {})}
    return write("PATCH", path, {"metadata": metadata, **content}, before)


def delete(path: str, before: Obj, uid: str = "u") -> Write:
    return write("DELETE", path, {"preconditions": {"uid": uid}}, before)
