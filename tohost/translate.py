"""`tohost translate`: the host objects of a manifest, without any cluster, Redis or kubeconfig.

It is the translation that workers run, on objects from files.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from common.config import Config, VirtualCluster, load
from common.errors import ConfigError
from common.usage import command
from tohost.documents import read_documents, write_json_list, write_yaml
from workers.translate import translate_documents

_EXAMPLES = """examples:
  tohost translate -f pod.yaml --config tohost.yaml --virtual-cluster my-vcluster
  kubectl get pods,services -A -o yaml | tohost translate -f - -o json
  tohost translate -f pod.yaml --related services.yaml --related namespaces.yaml

Objects that are not synced are named on standard error, with the reason. Those whose patches fail
are named there too.

Exit codes: 0 printed, 1 some could not be translated, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = command("translate", "Print the host objects of a manifest, offline.", _EXAMPLES)
    result.add_argument(
        "-f",
        "--filename",
        dest="files",
        action="append",
        required=True,
        metavar="FILE",
        help='YAML or JSON, all documents; "-" reads standard input; may be given more than once',
    )
    result.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    result.add_argument(
        "--virtual-cluster", metavar="NAME", help="needed when the configuration has more than one"
    )
    result.add_argument(
        "--related",
        action="append",
        default=[],
        metavar="FILE",
        help="objects that the translation depends on: services, namespaces, referrers, CRDs",
    )
    result.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml")
    return result


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    config = load(arguments.config)
    chosen = choose(config, arguments.virtual_cluster)
    documents = read_documents(arguments.files)
    related = read_documents(arguments.related)
    translation = translate_documents(documents, related, chosen.cluster())
    write = write_yaml if arguments.output == "yaml" else write_json_list
    sys.stdout.write(write(translation.objects))
    for note in (*config.notes, *left_out(config, chosen)):
        print(f"note: {note}", file=sys.stderr)
    for name, reason in translation.skipped:
        print(f"not synced: {name}: {reason}", file=sys.stderr)
    for name, reason in translation.failed:
        print(f"failed: {name}: {reason}", file=sys.stderr)
    return 1 if translation.failed else 0


def left_out(config: Config, chosen: VirtualCluster) -> Iterator[str]:
    """What workers find out on the host, one line each."""
    if config.host.owner:
        yield "host.owner: its uid is known to the host only, so ownerReferences are left out"
    network = chosen.networking
    for option, unknown in (
        ("apiService", network.api_service and not network.api_service_ip),
        ("dnsService", network.dns_service and not network.dns_service_ip),
    ):
        if unknown:
            yield f"networking.{option}: is looked up on the host; write {option}IP to see it here"


def choose(config: Config, name: str | None) -> VirtualCluster:
    """The virtual cluster of that name, or the only one. Raises ConfigError."""
    names = [cluster.name for cluster in config.virtual_clusters]
    if name is None and len(names) == 1:
        return config.virtual_clusters[0]
    if name not in names:
        problem = f'there is no virtual cluster "{name}"' if name else "there is more than one"
        raise ConfigError(f"--virtual-cluster: {problem}; write one of: {', '.join(names)}")
    return config.virtual_cluster(name)
