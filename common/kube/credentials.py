"""Who we are to one API server: kubeconfig or in-cluster account, kept fresh.

kubernetes.aio reads the kubeconfig (tokens, client certificates, exec plugins, OIDC); this file
decides when to read it again. It sends nothing to the API server itself.
"""

import asyncio
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from ssl import SSLContext
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException, incluster_config, kube_config

from common.errors import ConfigError
from common.process.logs import get_log

REFRESH_S = 60.0
RENEW_GAP_S = 10.0
_BAD = (ConfigException, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, OSError)
_read_kubeconfig: Any = kube_config.KubeConfigLoader
_read_account: Any = incluster_config.load_incluster_config
log = get_log(__name__)


class Credentials:
    """The server's address, the Authorization header of the moment, and `tls`: the context for it,
    True when there's none."""

    def __init__(
        self, kubeconfig: str, context: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.configuration = Configuration()
        self.header = ""
        self._path = Path(os.path.expanduser(kubeconfig)) if kubeconfig else None
        self._context = context
        self._clock = clock
        self._loader: Any = None
        self._plugin = False
        self._modified_at = 0.0
        self._read_at = self._renewed_at = -REFRESH_S
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read everything for the first time. Raises ConfigError, which says what to write."""
        await self._read()
        try:
            self.tls = self._tls_context()
        except OSError as error:
            raise ConfigError(_explain(self._path, error)) from error

    @property
    def due(self) -> bool:
        """Whether it's time for `refresh`; cheap enough to ask before every request."""
        return self._clock() - self._read_at >= REFRESH_S

    async def refresh(self) -> None:
        """Read again what changes by itself: token files, rotated files, credentials that expire.

        A file that is unreadable for a moment (being replaced) leaves the old credentials.
        """
        async with self._lock:
            if not self.due:
                return
            self._read_at = self._clock()
            # A plugin that gives no date of expiry is asked again only after a 401.
            lasting = self._plugin and not hasattr(self._loader, "exec_plugin_expiry")
            if not lasting or self._changed():
                await self._read_again()

    async def renew(self, used: str) -> bool:
        """After a 401 to a request that used this header: True when there's another one now."""
        async with self._lock:
            if self.header == used and self._clock() - self._renewed_at >= RENEW_GAP_S:
                self._renewed_at = self._clock()
                self._loader = None
                await self._read_again()
            return self.header != used

    def _tls_context(self) -> SSLContext | bool:
        """Reading the system's CAs takes long, and much memory: clusters that need nothing of their
        own share a context, and those without TLS have none."""
        ours = self.configuration
        if not ours.host.startswith("https:"):
            return True
        if ours.ssl_ca_cert or ours.ca_cert_data or ours.cert_file or self._plugin:
            return RESTClientObject(ours).ssl_context
        return _shared_context(ours.verify_ssl, ours.disable_strict_ssl_verification)

    async def _read_again(self) -> None:
        try:
            await self._read()
            if self.configuration.cert_file and isinstance(self.tls, SSLContext):
                self.tls.load_cert_chain(self.configuration.cert_file, self.configuration.key_file)
        except (ConfigError, OSError) as error:
            log.warning("credentials not refreshed", error=str(error))

    async def _read(self) -> None:
        """Keeps the loader while the file stays the same: it remembers a plugin's expiry."""
        try:
            if self._path is None:
                _read_account(self.configuration)
            else:
                if self._loader is None or self._changed():
                    self._open(self._path)
                await self._loader.load_and_set(self.configuration)
            key = await self.configuration.get_api_key_with_prefix("BearerToken", "authorization")
        except _BAD as error:
            raise ConfigError(_explain(self._path, error)) from error
        self.header = (key or "").strip()
        self._read_at = self._clock()

    def _open(self, path: Path) -> None:
        modified_at = path.stat().st_mtime
        content = yaml.safe_load(path.read_text())
        if not isinstance(content, dict):
            raise ConfigException("it's no YAML mapping")
        base = str(path.resolve().parent)
        self._loader = _read_kubeconfig(content, self._context or None, config_base_path=base)
        wanted = self._loader.current_context["context"].get("user")
        users = {user.get("name"): user.get("user") for user in content.get("users") or []}
        if wanted not in users:
            raise ConfigException("its context names no user of the file")
        self._plugin = "exec" in (users[wanted] or {})
        self._modified_at = modified_at

    def _changed(self) -> bool:
        try:
            return self._path is not None and self._path.stat().st_mtime != self._modified_at
        except OSError:
            return False


@lru_cache
def _shared_context(verify: bool, lenient: bool) -> SSLContext:
    configuration = Configuration()
    configuration.verify_ssl, configuration.disable_strict_ssl_verification = verify, lenient
    return RESTClientObject(configuration).ssl_context


def _explain(path: Path | None, error: Exception) -> str:
    """One line: what is wrong, what to write."""
    what = " ".join(str(error).split()) or type(error).__name__
    if path is None:
        return (
            f"no kubeconfig is given, and this is no pod with a service account ({what}); "
            "write the path of a kubeconfig"
        )
    if isinstance(error, OSError):
        what = error.strerror or what
    return f"{path}: unreadable kubeconfig ({what}); write the path of one that kubectl accepts"
