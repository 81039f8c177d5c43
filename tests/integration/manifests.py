"""The documents of `deploy/manifests`, for the tests of it."""

from pathlib import Path

from common.objects import Obj
from tohost.documents import read_documents

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "deploy" / "manifests"


def documents() -> list[Obj]:
    """Everything that belongs on the host."""
    files = sorted(set(MANIFESTS.glob("*.yaml")) - {MANIFESTS / "kustomization.yaml"})
    return read_documents(str(file) for file in files)


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
