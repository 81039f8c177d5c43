"""Runs containers of rendered pods as processes of this machine: their files laid out below a
folder, their ports exchanged for free ones."""

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.objects import Obj, name_of
from sandbox.ports import free_port
from sandbox.redis import find_redis_server
from tests.controlplane import assets, process
from tests.integration.charts import Rendered


@dataclass(frozen=True, slots=True)
class Place:
    """`folder` stands for `/`; `exchanged`: texts of the chart, and what they are here."""

    rendered: Rendered
    folder: Path
    exchanged: Mapping[str, str]

    def local(self, text: str) -> str:
        for there, here in self.exchanged.items():
            text = text.replace(there, here)
        return text

    def lay_out(self, spec: Obj, container: Obj) -> dict[str, str]:
        """Writes the files that are mounted; answers where each mount is here. Two pods that mount
        at one place get one folder each."""
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        places = {}
        for mount in container.get("volumeMounts", ()):
            volume = volumes.get(mount["name"], {"name": mount["name"]})
            here = self.folder / mount["name"]
            here.mkdir(parents=True, exist_ok=True)
            for path, text in self._files(volume):
                (here / path).parent.mkdir(parents=True, exist_ok=True)
                (here / path).write_text(self.local(text))
            places[mount["mountPath"]] = str(here)
        return places

    def _files(self, volume: Obj) -> Iterator[tuple[str, str]]:
        for source in [volume, *volume.get("projected", {}).get("sources", ())]:
            for kind, key in (("Secret", "secret"), ("ConfigMap", "configMap")):
                if key not in source:
                    continue
                named = source[key].get("secretName") or source[key]["name"]
                content = data_of(self.rendered, kind, named)
                items = source[key].get("items") or [{"key": k, "path": k} for k in content]
                yield from ((item["path"], content[item["key"]]) for item in items)

    def words(self, spec: Obj, container: Obj) -> list[str]:
        """Command and arguments, with the paths and ports of here."""
        places = self.lay_out(spec, container)
        paths = re.compile("|".join(map(re.escape, sorted(places, key=len, reverse=True))) or "$^")
        words = [*container["command"], *container.get("args", ())]
        return [paths.sub(lambda found: places[found[0]], self.local(word)) for word in words]

    @contextmanager
    def running(self, spec: Obj, *names: str) -> Iterator[None]:
        """Programs of Kubernetes, from the folder of the binaries or PATH."""
        with ExitStack() as stack:
            for container in spec["containers"]:
                if container["name"] in names:
                    program, *arguments = self.words(spec, container)
                    log = self.folder / f"{container['name']}.log"
                    stack.enter_context(process([binary(program), *arguments], log))
            yield

    def init(self, spec: Obj, environ: Mapping[str, str]) -> None:
        for container in spec["initContainers"]:
            command = self.words(spec, container)
            subprocess.run(command, env={**os.environ, **environ}, check=True, capture_output=True)

    @contextmanager
    def redis(self, spec: Obj, password: str) -> Iterator[None]:
        [container] = spec["containers"]
        command = self.words(spec, container)
        path = f"{find_redis_server().parent}:{os.environ['PATH']}"
        environ = ["env", f"PATH={path}", f"REDISCLI_AUTH={password}"]
        with process([*environ, *command], self.folder / "redis.log"):
            yield


def data_of(rendered: Rendered, kind: str, name: str) -> dict[str, str]:
    [obj] = [obj for obj in rendered.of(kind) if name_of(obj) == name]
    plain = obj.get("data", {})
    if kind == "Secret":
        plain = {key: base64.b64decode(value).decode() for key, value in plain.items()}
    return {**plain, **obj.get("stringData", {})}


def binary(program: str) -> str:
    folder = assets()
    if folder is not None and (folder / program).exists():
        return str(folder / program)
    found = shutil.which(program)
    assert found, f"no {program} in KUBEBUILDER_ASSETS, and none on PATH"
    return found


def free_ports(*texts: str) -> dict[str, str]:
    """Another port for each text that ends in one: `:6443`, `port 6379`."""
    return {text: text.rstrip("0123456789") + str(free_port()) for text in texts}
