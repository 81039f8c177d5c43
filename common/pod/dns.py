"""Names and DNS inside the pod: its resolver, its hosts file, its own name."""

from common.cluster import Cluster
from common.naming import MAX_LENGTH
from common.objects import Obj

# What the API server accepts in a dnsConfig.
_MOST_NAMESERVERS = 3
_MOST_SEARCHES = 32
_MOST_SEARCH_CHARACTERS = 2048


def translate_dns(spec: Obj, namespace: str, cluster: Cluster) -> Obj:
    """dnsPolicy and dnsConfig for the host pod; {} where the virtual pod's own stay."""
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    cluster_first = policy == "ClusterFirst" and not spec.get("hostNetwork")
    if not (cluster_first or policy == "ClusterFirstWithHostNet") or not cluster.dns_service_ip:
        return {}
    own: Obj = spec.get("dnsConfig") or {}
    domain = cluster.cluster_domain
    searches = [f"{namespace}.svc.{domain}", f"svc.{domain}", domain]
    nameservers = _merged([cluster.dns_service_ip], own.get("nameservers"))
    config = {
        "nameservers": nameservers[:_MOST_NAMESERVERS],
        "searches": _within(_merged(searches, own.get("searches"))),
        "options": _options([{"name": "ndots", "value": "5"}], own.get("options") or []),
    }
    return {"dnsPolicy": "None", "dnsConfig": config}


def host_aliases(spec: Obj, cluster: Cluster) -> list[Obj]:
    """The pod's own host aliases, then the virtual API service's."""
    own: list[Obj] = list(spec.get("hostAliases") or [])
    if not cluster.api_service_ip:
        return own
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    hostnames = [f"kubernetes.default.svc.{cluster.cluster_domain}", *names]
    return [*own, {"ip": cluster.api_service_ip, "hostnames": hostnames}]


def hostname(spec: Obj, name: str) -> str:
    """The pod's own, else its virtual name as one DNS label."""
    return spec.get("hostname") or name[:MAX_LENGTH].replace(".", "-").rstrip("-")


def _merged(first: list[str], second: list[str] | None) -> list[str]:
    return list(dict.fromkeys([*first, *(second or [])]))


def _within(searches: list[str]) -> list[str]:
    kept: list[str] = []
    for search in searches[:_MOST_SEARCHES]:
        if len(" ".join([*kept, search])) > _MOST_SEARCH_CHARACTERS:
            break
        kept.append(search)
    return kept


def _options(defaults: list[Obj], own: list[Obj]) -> list[Obj]:
    named = {option.get("name") for option in own}
    return [option for option in defaults if option["name"] not in named] + own
