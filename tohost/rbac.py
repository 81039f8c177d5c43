"""`tohost rbac`: the Roles that a configuration needs, on the host and in its virtual clusters."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

from common.access import Rule
from common.config import Config, VirtualCluster, load
from common.objects import Obj
from common.rights import Place, host_rights, virtual_rights
from common.usage import command
from tohost.documents import write_json_list, write_yaml
from tohost.translate import choose

_GROUP = "rbac.authorization.k8s.io"
_EXAMPLES = """examples:
  tohost rbac --config tohost.yaml --host | kubectl --context host apply -f -
  tohost rbac --config tohost.yaml --virtual-cluster my-vcluster \\
    | kubectl --context my-vcluster apply -f -

On the host, watchers and workers have the ServiceAccounts tohost-watcher and tohost-worker; in a
virtual cluster both use tohost. --namespace says where these are.

Exit codes: 0 printed, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "rbac",
        "Print the least Roles and ClusterRoles that a configuration needs, with their "
        "bindings: for the host, and for each virtual cluster.",
        _EXAMPLES,
    )
    result.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    side = result.add_mutually_exclusive_group()
    side.add_argument("--host", action="store_true", help="only what belongs on the host")
    side.add_argument("--virtual-cluster", metavar="NAME", help="only what belongs into that one")
    result.add_argument("--namespace", default="tohost", help="of the accounts (default: tohost)")
    result.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml")
    return result


def main(argv: Sequence[str]) -> int:
    """Exit codes: 0 printed, 2 the configuration can't be used."""
    arguments = parser().parse_args(argv)
    config = load(arguments.config)
    write = write_yaml if arguments.output == "yaml" else write_json_list
    parts = list(_parts(config, arguments))
    if arguments.output == "json":
        sys.stdout.write(write([obj for _, objects in parts for obj in objects]))
        return 0
    for title, objects in parts:
        if len(parts) > 1:
            sys.stdout.write(f"# {title}\n")
        sys.stdout.write(write(objects))
    return 0


def _parts(config: Config, arguments: argparse.Namespace) -> Iterator[tuple[str, list[Obj]]]:
    """What belongs into one cluster, with a line that says which."""
    account = arguments.namespace
    if not arguments.virtual_cluster:
        yield "On the host:", list(host_objects(config, account))
    if arguments.host:
        return
    name = arguments.virtual_cluster
    chosen = [choose(config, name)] if name else config.virtual_clusters
    for virtual in chosen:
        objects = list(virtual_objects(virtual, account))
        yield f"In the virtual cluster {virtual.name}:", objects


def virtual_objects(virtual: VirtualCluster, account_namespace: str) -> Iterator[Obj]:
    """The ClusterRole of the account `tohost` in a virtual cluster, and its binding."""
    return _granted("tohost", "", virtual_rights(virtual.cluster()), account_namespace)


def host_objects(config: Config, account_namespace: str) -> Iterator[Obj]:
    """The Roles and ClusterRoles of the two accounts on the host, and their bindings."""
    for place, rules in host_rights(config).items():
        yield from _granted(_account(place), place.namespace, rules, account_namespace)


def _account(place: Place) -> str:
    return f"tohost-{place.account}"


def _granted(
    account: str, namespace: str, rules: Sequence[Rule], account_namespace: str
) -> Iterator[Obj]:
    """A Role and its binding, both named like the account; for all namespaces when it is ""."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": account, **({"namespace": namespace} if namespace else {})}
    api = f"{_GROUP}/v1"
    yield {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "rules": list(policy_rules(rules)),
    }
    yield {
        "apiVersion": api,
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": account},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": account_namespace}],
    }


def policy_rules(rules: Iterable[Rule]) -> Iterator[Obj]:
    """Resources of one group with the same verbs share an entry."""
    together: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for rule in rules:
        together.setdefault((rule.group, rule.verbs, rule.names), []).append(rule.resource)
    for (group, verbs, names), resources in together.items():
        entry: Obj = {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        yield entry | ({"resourceNames": list(names)} if names else {})
