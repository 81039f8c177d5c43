"""The reference: what another implementation made of the same objects on real API servers.

`vcluster/*.json` hold a virtual object and its host object each, `names.jsonl` rows of name and
label functions. They are facts to compare with; where we mean to differ, `differences` says why.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from common import config
from common.objects import Obj

FOLDER = Path(__file__).parent
FILES = FOLDER / "vcluster"
TRANSLATED = sorted(
    file.stem for file in FILES.glob("*.json") if not file.stem.startswith(("namespace", "update"))
)
OWNER = {
    "apiVersion": "v1",
    "kind": "Service",
    "name": "my-vcluster",
    "uid": "6745a0ad-da56-4dda-8a01-7375114cab75",
}
CLUSTER = config.load(FOLDER / "tohost.yaml", {}).virtual_clusters[0].cluster(OWNER)


def load(name: str) -> dict[str, Obj]:
    """One file: "virtual" and "host", with "..._before" for updates."""
    content: dict[str, Obj] = json.loads((FILES / f"{name}.json").read_text())
    return content


def around() -> list[Obj]:
    """The virtual cluster's namespace and services, and who refers to what."""
    names = [name for name in TRANSLATED if "service-" in name]
    found = [load(name)["virtual"] for name in (*names, "namespace-oracle")]
    return [*found, *yaml.safe_load_all((FOLDER / "related.yaml").read_text())]


def rows(function: str) -> list[dict[str, Any]]:
    """The rows of `names.jsonl` of one function: "name", "label" or "labels"."""
    found = map(json.loads, (FILES / "names.jsonl").read_text().splitlines())
    return [row for row in found if row["fn"] == function]


def differing(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two objects differ, as `/`-joined paths; lists of one length are compared by item."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if key not in ours or key not in theirs:
                yield f"{path}/{key}"
            else:
                yield from differing(ours[key], theirs[key], f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differing(one, other, f"{path}/{number}")
    elif ours != theirs:
        yield path
