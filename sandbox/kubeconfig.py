"""Kubeconfig files for servers that take any token, and reading one back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

Object = dict[str, Any]

TOKEN: Final = "admintoken"


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one API server; `verify` is whether its certificate must be known."""

    url: str
    token: str
    verify: bool


def write_kubeconfig(path: Path, url: str, *, name: str = "sandbox", token: str = TOKEN) -> Path:
    """Writes the file, readable by its owner only since it carries a token."""
    server: Object = {"server": url}
    if url.startswith("https:"):
        server["insecure-skip-tls-verify"] = True
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def read_access(path: Path) -> Access:
    """The current context's server and token.

    Raises KeyError or StopIteration on a file that lacks them.
    """
    content = yaml.safe_load(path.read_text())
    context = _named(content["contexts"], content["current-context"])["context"]
    cluster = _named(content["clusters"], context["cluster"])["cluster"]
    user = _named(content["users"], context["user"]).get("user") or {}
    verify = not cluster.get("insecure-skip-tls-verify", False)
    return Access(cluster["server"], user.get("token", ""), verify)


def _named(entries: list[Object], name: str) -> Object:
    return next(entry for entry in entries if entry["name"] == name)
