"""The section `redis`: where Redis is, and what opens it. Secrets stay out of every message."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from common.config.section import Section
from common.redis.url import EXAMPLE, Address, parse

FILES = ("passwordFile", "sentinelPasswordFile", "caFile", "certFile", "keyFile")
"""The keys that hold paths."""


def _url(value: str) -> str:
    parse(value)
    return value


def _secret(value: Any) -> Any:
    """Other messages would show the value."""
    if not isinstance(value, str):
        raise ValueError("is not text; write it in quotes")
    return value


Secret = Annotated[str, BeforeValidator(_secret)]


class Redis(Section):
    """`url` may hold user and password; better places are `username` and `passwordFile`, which is
    read at each new connection, or the variable TOHOST_REDIS__PASSWORD."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: Annotated[str, BeforeValidator(_secret), AfterValidator(_url)] = Field(
        default=EXAMPLE, repr=False
    )
    username: str = ""
    password: Secret = Field(default="", repr=False)
    password_file: str = ""
    sentinel_username: str = ""
    sentinel_password: Secret = Field(default="", repr=False)
    sentinel_password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    @model_validator(mode="before")
    @classmethod
    def _is_map(cls, value: Any) -> Any:
        if not isinstance(value, dict | Redis):
            raise ValueError('is no map; write "url: ..." below it')
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Redis":
        address = self.address
        if address.password and (self.password or self.password_file):
            raise ValueError("has a password in url and beside it; take it out of url")
        if address.username and self.username:
            raise ValueError("has a user in url and beside it; take it out of url")
        for name in ("password", "sentinel_password"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                alias = type(self).model_fields[name].alias
                raise ValueError(f"has {alias} and {alias}File; leave one out")
        if address.form != "sentinel" and (self.sentinel_username or self._sentinel_secret):
            raise ValueError(
                "has a user or password for Sentinels, but url names none; write "
                '"redis+sentinel://host:26379/mymaster" as url, or leave them out'
            )
        self._check_tls(address.tls)
        return self

    @property
    def _sentinel_secret(self) -> str:
        return self.sentinel_password or self.sentinel_password_file

    def _check_tls(self, tls: bool) -> None:
        if (self.ca_file or self.cert_file or self.key_file) and not tls:
            raise ValueError(
                "has certificates, but url is one without TLS; write rediss:// "
                "(rediss+sentinel://, rediss+cluster://), or leave them out"
            )
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("has only one of certFile and keyFile; write both, or neither")

    @property
    def address(self) -> Address:
        return parse(self.url)

    def missing_files(self) -> list[str]:
        """One line for each file that is named, and not there."""
        named = ((key, getattr(self, _field(key))) for key in FILES)
        return [
            f"redis.{key}: {path} is no file; write the path of one"
            for key, path in named
            if path and not Path(path).is_file()
        ]


def _field(alias: str) -> str:
    return next(name for name, each in Redis.model_fields.items() if each.alias == alias)
