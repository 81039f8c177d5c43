"""The chart, rendered by the real helm, for the tests of it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from common.objects import Obj, name_of
from tests.integration.manifests import ROOT
from tohost.documents import parse_documents

CHART = ROOT / "deploy" / "chart"
EXAMPLES = ROOT / "deploy" / "examples"
NAMESPACE = "tohost-system"
FLEET: Obj = {
    "sync": {"toHost": {"networkPolicies": {"enabled": True}}},
    "virtualClusters": [
        {"name": "team-a", "kubeconfigSecret": {"name": "team-a", "key": "config"}, "weight": 3},
        {
            "name": "team-b",
            "hostNamespace": "tenant-b",
            "sync": {"toHost": {"networkPolicies": {"enabled": False}, "secrets": {"all": True}}},
        },
        {
            "name": "team-c",
            "kubeconfigSecret": {"name": "team-c"},
            "controlPlane": {"enabled": False},
            "sync": {"toHost": {"namespaces": {"enabled": True}}},
        },
    ],
}
EVERYTHING: Obj = {
    **FLEET,
    "watcher": {"autoscaling": {"enabled": True}, "env": [{"name": "TZ", "value": "UTC"}]},
    "worker": {"keda": {"enabled": True}},
    "metrics": {name: {"enabled": True} for name in ("serviceMonitor", "rules", "grafana")},
    "imagePullSecrets": [{"name": "mine"}],
    "redis": {
        "url": "rediss+sentinel://a:26379,b:26379/mymaster/0",
        "username": "tohost",
        "passwordSecret": {"name": "redis"},
        "sentinelPasswordSecret": {"name": "sentinels"},
        "tls": {"secret": "redis-tls", "cert": "tls.crt", "key": "tls.key"},
    },
}


def helm() -> str:
    """Its path. Skips the test when there's none, or fails it in continuous integration."""
    beside = Path(sys.executable).with_name("helm")
    found = os.environ.get("HELM") or shutil.which("helm")
    if found or beside.exists():
        return found or str(beside)
    reason = "no helm: run `bash .ci/setup`, put it on PATH, or name it by HELM"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Refused(Exception):  # noqa: N818 - reads as an outcome, not as a bug
    """What helm says."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one release consists of."""

    objects: Sequence[Obj]

    def of(self, kind: str) -> list[Obj]:
        return [obj for obj in self.objects if obj["kind"] == kind]

    def one(self, kind: str, ending: str = "") -> Obj:
        [obj] = [obj for obj in self.of(kind) if name_of(obj).endswith(ending)]
        return obj

    def config(self) -> str:
        """tohost.yaml"""
        maps = [obj["data"] for obj in self.of("ConfigMap")]
        [text] = [data["tohost.yaml"] for data in maps if "tohost.yaml" in data]
        return str(text)

    def pods(self) -> list[tuple[str, Obj]]:
        kinds = {"Deployment", "StatefulSet", "Job"}
        found = (obj for obj in self.objects if obj["kind"] in kinds)
        return [(name_of(obj), obj["spec"]["template"]["spec"]) for obj in found]


def render(
    values: Obj, *files: Path, release: str = "my-vcluster", options: Iterable[str] = ()
) -> Rendered:
    """`helm template`; raises Refused."""
    command = [helm(), "template", release, str(CHART), "--namespace", NAMESPACE, "--values", "-"]
    command += [f"--values={file}" for file in files]
    command += options
    text = yaml.safe_dump(values)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr)
    return Rendered(list(parse_documents(done.stdout, "helm template")))
