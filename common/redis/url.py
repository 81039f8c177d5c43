"""The address of a Redis as one URL: a server, a service that Sentinels know, or a Cluster. Pure.

    redis://[user:password@]host:port[/db]                       rediss://... with TLS
    unix:///path/of/socket[?db=N]
    redis+sentinel://[user:password@]host:port[,host:port]/service[/db]
    redis+cluster://[user:password@]host:port[,host:port]

User and password are those of the Redis servers, percent-encoded; Sentinels have their own.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote, urlsplit

Form = Literal["server", "sentinel", "cluster"]

EXAMPLE = "redis://localhost:6379/0"
_SCHEME = re.compile(r"(redis|rediss|unix)(?:\+(sentinel|cluster))?://(.*)", re.DOTALL)
_NODE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@\s]+)(?::(\d{1,5}))?")
_PORTS: dict[Form, int] = {"server": 6379, "sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True)
class Address:
    """`nodes`: where to ask first, Sentinels or some nodes of the Cluster; "" of a socket's form is
    not there. `plain`: the URL without user and password, for redis-py and for people."""

    form: Form
    tls: bool
    plain: str
    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)


def parse(url: str) -> Address:
    """Raises ValueError that says what to write, and never shows a password."""
    found = _SCHEME.fullmatch(url)
    if not found or (found[1] == "unix" and found[2]):
        raise ValueError(f'{_shown(url)} is not a Redis URL; write for example "{EXAMPLE}"')
    scheme, form, rest = found[1], found[2] or "server", found[3]
    place, _, query = rest.partition("?")
    user, at, place = place.rpartition("@")
    name, _, password = user.partition(":") if at else ("", "", "")
    plain = f"{url[: found.start(3)]}{place}" + (f"?{query}" if query else "")
    address = Address(
        "server", scheme == "rediss", plain, username=unquote(name), password=unquote(password)
    )
    if form == "server":
        _check_server(plain)
        return address
    if query:
        raise ValueError(f'"{plain}" has options behind "?"; write them as keys beside url')
    return _sentinel(address, place) if form == "sentinel" else _cluster(address, place)


def _check_server(plain: str) -> None:
    try:
        port = urlsplit(plain).port
    except ValueError:
        port = 0
    if port == 0 or "," in plain.partition("?")[0]:
        raise ValueError(
            f'"{plain}" is not the URL of one Redis server; write for example "{EXAMPLE}", '
            '"redis+sentinel://host:26379,host:26379/mymaster" or '
            '"redis+cluster://host:6379,host:6379"'
        )


def _sentinel(address: Address, place: str) -> Address:
    hosts, _, path = place.partition("/")
    service, _, db = path.rstrip("/").partition("/")
    if not service or not (db or "0").isdecimal():
        raise ValueError(
            f'"{address.plain}" does not name the service that the Sentinels watch; write for '
            'example "redis+sentinel://host:26379,host:26379/mymaster/0"'
        )
    nodes = _nodes(address.plain, hosts, "sentinel")
    return replace(address, form="sentinel", nodes=nodes, service=unquote(service), db=int(db or 0))


def _cluster(address: Address, place: str) -> Address:
    hosts, _, path = place.partition("/")
    if path not in ("", "0"):
        raise ValueError(
            f'"{address.plain}" names a database, and a Redis Cluster has only one; leave it out'
        )
    return replace(address, form="cluster", nodes=_nodes(address.plain, hosts, "cluster"))


def _nodes(plain: str, hosts: str, form: Form) -> tuple[tuple[str, int], ...]:
    found = [_NODE.fullmatch(each) for each in hosts.split(",")]
    nodes = [(each[1].strip("[]"), int(each[2] or _PORTS[form])) for each in found if each]
    if len(nodes) < len(found) or not all(0 < port < 65536 for _, port in nodes):
        raise ValueError(
            f'"{plain}" is no list of hosts; write "host:port", with commas between several'
        )
    return tuple(nodes)


def _shown(url: str) -> str:
    """What someone wrote, without what may be a password in it."""
    return f'"{url}"' if "@" not in url else "this"
