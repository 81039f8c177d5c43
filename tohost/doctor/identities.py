"""Clusters that are not the ones that Redis knows: exchanged, or another tohost's."""

from collections.abc import Iterator, Mapping

from redis import Redis

from common.keys import redis_prefix
from common.store import text
from tohost.doctor.finding import HOST, Finding, ok, skipped
from tohost.doctor.patient import Patient

CHECK = "identity"


def known(redis: Redis, names: list[str]) -> Mapping[str, tuple[str, str]]:
    """By virtual cluster the digests of it and of its host, "" for those never seen. Raises
    redis.RedisError."""
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.get(f"{redis_prefix(name)}:identity")
            pipe.get(f"{redis_prefix(name)}:host-identity")
        answers = [text(each or b"") for each in pipe.execute()]
    return dict(zip(names, zip(answers[::2], answers[1::2], strict=True), strict=True))


def check(patient: Patient, known: Mapping[str, tuple[str, str]]) -> Iterator[Finding]:
    host = patient.host.digest if patient.host else ""
    seen: dict[str, str] = {}
    for name, server in patient.virtual.items():
        mine, its_host = known.get(name, ("", ""))
        first = seen.setdefault(server.digest, name) if server.digest else name
        if not server.digest:
            words = "kube-system may not be read, so it can't be told which cluster it is"
            yield skipped(name, CHECK, words)
        elif first != name:
            yield _twice(name, first)
        else:
            yield judge(name, server.digest, mine)
        if host and host == server.digest:
            words = "its kubeconfig leads to the host cluster itself, so nothing is synced"
            yield Finding(name, CHECK, "problem", words, "write the virtual cluster's own")
        if host and its_host and host != its_host:
            yield _other_host(name)


def judge(name: str, found: str, mine: str) -> Finding:
    if not mine:
        return ok(name, CHECK, "Redis doesn't know it yet")
    if found == mine:
        return ok(name, CHECK, "it is the cluster that Redis knows")
    words = (
        f"Redis knows another cluster by the name {name} (kube-system has another uid), so nothing"
        " of one of them is synced: another tohost with this Redis has one of the same name, or"
        " this one was replaced"
    )
    remedy = (
        "give one of the two another name, or a Redis of its own; after a replacement: delete its"
        f" host objects, and the keys tohost:{{{name}}}:* in Redis"
    )
    return Finding(name, CHECK, "problem", words, remedy)


def _twice(name: str, first: str) -> Finding:
    words = f"{first} and {name} lead to the same API server, so only the first seen is synced"
    remedy = "write another kubeconfig for one of them, or take one out of the configuration"
    return Finding(name, CHECK, "problem", words, remedy)


def _other_host(name: str) -> Finding:
    words = f"{name} was synced to another host cluster than this one, so nothing of it is synced"
    remedy = (
        "correct host.kubeconfig; if it moved on purpose:"
        f" redis-cli del 'tohost:{{{name}}}:host-identity'"
    )
    return Finding(HOST, CHECK, "problem", words, remedy)
