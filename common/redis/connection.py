"""The one place where connections to Redis are made, in whatever form it is run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from redis import AuthenticationError, CredentialProvider, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from common.config.redis import Redis as Settings
from common.redis.cluster import ClusterClient
from common.workqueue import prefix

# Twice this, when Redis hangs, and still in time after SIGTERM.
TIMEOUT_S = 3
# Sentinels are asked one after another.
SENTINEL_TIMEOUT_S = 1


def connect(settings: Settings) -> Redis:
    """Not connected yet; every command fails within seconds when Redis hangs.

    RQ's keys in this process are spelled from now on as this Redis needs them.
    """
    address = settings.address
    prefix.use(cluster=address.form == "cluster")
    if address.form == "cluster":
        options = {**_timeouts(TIMEOUT_S), **_tls(settings), **_credentials(settings)}
        return cast(Redis, ClusterClient(list(address.nodes), retry=_retry(), **options))
    if address.form == "sentinel":
        return _behind_sentinels(settings)
    options = {**_timeouts(TIMEOUT_S), **_tls(settings, by_url=True), **_credentials(settings)}
    if address.plain.startswith("unix:"):
        del options["socket_connect_timeout"]
    return Redis.from_url(address.plain, retry=_retry(), **options)


def servers(redis: Redis | ClusterClient, section: str) -> Sequence[dict[str, Any]]:
    """What each server that is written to says of itself: `INFO section`."""
    if isinstance(redis, Redis):
        return [redis.info(section)]
    told: dict[str, Any] = redis.info(section, target_nodes="primaries")
    one = all(not isinstance(each, dict) for each in told.values())
    return [told] if one else [told[name] for name in sorted(told)]


def _behind_sentinels(settings: Settings) -> Redis:
    address, tls = settings.address, _tls(settings)
    asking = {**_timeouts(SENTINEL_TIMEOUT_S), "retry": Retry(NoBackoff(), 0), **tls}
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        list(address.nodes),
        sentinel_kwargs={**asking, **_sentinel_credentials(settings)},
        **_timeouts(TIMEOUT_S),
        **tls,
        **_credentials(settings),
    )
    found = sentinels.master_for(  # type: ignore[no-untyped-call]
        address.service, db=address.db, retry=_retry()
    )
    return cast(Redis, found)


def _retry() -> Retry:
    """Once, at once: a connection that went away while it was idle."""
    return Retry(NoBackoff(), 1)


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}


def _tls(settings: Settings, by_url: bool = False) -> dict[str, Any]:
    """`by_url`: the URL says itself that it's TLS."""
    if not settings.address.tls:
        return {}
    files = {
        "ssl_ca_certs": settings.ca_file,
        "ssl_certfile": settings.cert_file,
        "ssl_keyfile": settings.key_file,
    }
    options: dict[str, Any] = {name: path for name, path in files.items() if path}
    return options if by_url else {"ssl": True, **options}


class Credentials(CredentialProvider):
    """User and password; a password's file is read for each new connection: it may change."""

    def __init__(self, username: str, password: str, file: str) -> None:
        self._username = username
        self._password = password
        self._file = file

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._read() if self._file else self._password
        return (self._username, password) if self._username else (password,)

    def _read(self) -> str:
        try:
            return Path(self._file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise AuthenticationError(f"{self._file} can't be read: {why}") from None


def _credentials(settings: Settings) -> dict[str, Any]:
    address = settings.address
    username = settings.username or address.username
    password = settings.password or address.password
    return _provider(username, password, settings.password_file)


def _sentinel_credentials(settings: Settings) -> dict[str, Any]:
    return _provider(
        settings.sentinel_username, settings.sentinel_password, settings.sentinel_password_file
    )


def _provider(username: str, password: str, file: str) -> dict[str, Any]:
    if not (username or password or file):
        return {}
    return {"credential_provider": Credentials(username, password, file)}
