"""The documents of `deploy/manifests`, for the tests of it."""

from pathlib import Path

import yaml

from common.objects import Obj
from tohost.documents import read_documents

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "deploy" / "manifests"


def documents() -> list[Obj]:
    """Everything that belongs on the host, in the order in which it is applied."""
    kustomization = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())
    return read_documents(str(MANIFESTS / file) for file in kustomization["resources"])


def virtual_documents() -> list[Obj]:
    return read_documents(str(file) for file in sorted((MANIFESTS / "virtual").glob("*.yaml")))


def named(kind: str, name: str) -> Obj:
    return next(
        obj for obj in documents() if obj["kind"] == kind and obj["metadata"]["name"] == name
    )


def pod_specs() -> list[tuple[str, Obj]]:
    return [
        (obj["metadata"]["name"], obj["spec"]["template"]["spec"])
        for obj in documents()
        if obj["kind"] in {"Deployment", "StatefulSet"}
    ]
