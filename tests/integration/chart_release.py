"""A release of the chart brought to life: control planes, Redis, watchers and workers as processes
of this machine, by the commands that helm rendered."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.objects import Obj, labels, name_of
from sandbox.client import Client
from sandbox.kubeconfig import Access, read_access, write_kubeconfig
from sandbox.ports import free_port
from tests.controlplane import process
from tests.integration.applied import answers, apply, namespace, token_of, wait_until
from tests.integration.chart_pods import Place, data_of, free_ports
from tests.integration.charts import NAMESPACE, Rendered

VIRTUAL_CLUSTER = "tohost/virtual-cluster"
GRANTS = {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


@dataclass(frozen=True, slots=True)
class Plane:
    """A virtual cluster's control plane; `address`: of its Service on the host."""

    cluster: str
    name: str
    address: str
    port: int
    place: Place

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def client(self, user: str = "admin") -> Client:
        token = data_of(self.place.rendered, "Secret", f"{self.name}-pki")[f"{user}.token"]
        return Client(Access(self.url, token, verify=False))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Its programs but CoreDNS, until it is ready."""
        spec = dict(self.place.rendered.pods())[self.name]
        variable = f"{self.name.upper().replace('-', '_')}_SERVICE_HOST"
        self.place.init(spec, {variable: self.address})
        programs = ("etcd", "kube-apiserver", "kube-controller-manager")
        with self.place.running(spec, *programs):
            authority = self.place.folder / "controllers" / "ca.crt"
            wait_until(lambda: answers(f"{self.url}/readyz", authority))
            yield

    def grant(self) -> None:
        """What its Job does, by the Job's own command."""
        jobs = self.place.rendered.of("Job")
        [job] = [each for each in jobs if labels(each)[VIRTUAL_CLUSTER] == self.cluster]
        spec = job["spec"]["template"]["spec"]
        command = self.place.words(spec, spec["containers"][0])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def planes_of(rendered: Rendered, folder: Path, block: str) -> list[Plane]:
    """`block`: addresses of the host's Services begin so, as `10.97.44.`."""
    found = []
    for number, obj in enumerate(rendered.of("StatefulSet"), start=1):
        cluster, name = labels(obj).get(VIRTUAL_CLUSTER), name_of(obj)
        if cluster is None:
            continue
        ports = free_ports(":6443", ":2379", ":2380", ":2381", "-port=10257")
        port = int(ports[":6443"].removeprefix(":"))
        exchanged = {**ports, "-port=6443": f"-port={port}", "0.0.0.0": "127.0.0.1"}
        exchanged[f"{name}.{NAMESPACE}.svc:443"] = f"127.0.0.1:{port}"
        place = Place(rendered, folder / cluster, exchanged)
        found.append(Plane(cluster, name, f"{block}{number}", port, place))
    return found


@dataclass(frozen=True, slots=True)
class Release:
    """`name` is Helm's; `host` the kubeconfig of the host cluster."""

    name: str
    rendered: Rendered
    folder: Path
    host: Path
    planes: list[Plane]
    ports: dict[str, str] = field(default_factory=lambda: free_ports("port 6379"))

    @property
    def full_name(self) -> str:
        return f"{self.name}-tohost"

    @property
    def place(self) -> Place:
        """Of Redis, watchers and workers."""
        redis = self.ports["port 6379"].removeprefix("port ")
        exchanged = {
            **self.ports,
            "dir /data": f"dir {self.folder}/data",
            f"{self.full_name}-redis:6379": f"127.0.0.1:{redis}",
        }
        for plane in self.planes:
            exchanged[f"{plane.name}.{NAMESPACE}.svc:443"] = f"127.0.0.1:{plane.port}"
        return Place(self.rendered, self.folder, exchanged)

    @contextmanager
    def control_planes(self) -> Iterator[None]:
        with ExitStack() as stack:
            for plane in self.planes:
                stack.enter_context(plane.running())
                plane.grant()
            yield

    async def grant(self, client: Client) -> None:
        """What it grants on the host, and the Services that stand for the API servers."""
        await apply(client, namespace(NAMESPACE))
        for obj in self.rendered.objects:
            if obj["kind"] in GRANTS:
                await apply(client, obj)
        for plane in self.planes:
            [service] = [obj for obj in self.rendered.of("Service") if name_of(obj) == plane.name]
            spec = {**service["spec"], "clusterIP": plane.address}
            await apply(client, {**service, "spec": spec})

    @contextmanager
    def redis(self) -> Iterator[None]:
        name = f"{self.full_name}-redis"
        password = data_of(self.rendered, "Secret", name)["password"]
        with self.place.redis(dict(self.rendered.pods())[name], password):
            yield

    async def token(self, client: Client, process_name: str) -> str:
        return await token_of(client, NAMESPACE, f"{self.full_name}-{process_name}")

    @contextmanager
    def process(self, name: str, token: str) -> Iterator[None]:
        """A watcher or worker by its container's command, once it is ready."""
        spec = self.spec(name)
        command = self.place.words(spec, spec["containers"][0])
        assert command[0] == "tohost"
        kubeconfig = self.folder / f"{name}.kubeconfig"
        write_kubeconfig(kubeconfig, read_access(self.host).url, token=token)
        port = free_port()
        environ = [f"TOHOST_HOST__KUBECONFIG={kubeconfig}", f"TOHOST_HEALTH__PORT={port}"]
        program = ["env", *environ, sys.executable, "-m", "tohost", *command[1:]]
        with process(program, self.log(name)):
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
            yield

    @contextmanager
    def dashboard(self) -> Iterator[str]:
        """The port that rq-dashboard serves."""
        spec, port = self.spec("dashboard"), str(free_port())
        [container] = spec["containers"]
        words = [port if word == "9181" else word for word in self.place.words(spec, container)]
        environ = [f"{each['name']}={self._secret(each)}" for each in container["env"]]
        program = ["env", *environ, sys.executable, "-m", "tohost", *words[1:]]
        with process(program, self.log("dashboard")):
            yield port

    def _secret(self, variable: Obj) -> str:
        key = variable["valueFrom"]["secretKeyRef"]
        return data_of(self.rendered, "Secret", key["name"])[key["key"]]

    def spec(self, name: str) -> Obj:
        return dict(self.rendered.pods())[f"{self.full_name}-{name}"]

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"
