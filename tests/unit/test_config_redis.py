"""Where Redis is, in every form; and no message that shows a password."""

from pathlib import Path
from typing import Any

import pytest

from common.config import Config, load
from common.config.redis import Redis
from common.errors import ConfigError
from common.redis import url as redis_url
from common.redis.connection import Credentials, connect
from common.workqueue import jobs, prefix

CLUSTERS = """
virtualClusters:
- {name: a, hostNamespace: h, kubeconfig: k}
"""
SECRET = "s3cret"


def read(folder: Path, redis: str, environ: dict[str, str] | None = None) -> Config:
    file = folder / "tohost.yaml"
    file.write_text(f"redis: {redis}\n{CLUSTERS}")
    return load(file, environ or {})


@pytest.mark.parametrize(
    ("url", "form", "nodes", "service"),
    [
        ("redis://h:1/2", "server", (), ""),
        ("unix:///run/redis.sock?db=2", "server", (), ""),
        ("redis+sentinel://h:1,i/m", "sentinel", (("h", 1), ("i", 26379)), "m"),
        ("rediss+sentinel://[::1]:1/my%2fm/3", "sentinel", (("::1", 1),), "my/m"),
        ("redis+cluster://h:1,i", "cluster", (("h", 1), ("i", 6379)), ""),
        ("rediss+cluster://10.0.0.1:1/0", "cluster", (("10.0.0.1", 1),), ""),
    ],
)
def test_each_form_has_its_url(url: str, form: str, nodes: object, service: str) -> None:
    address = redis_url.parse(url)
    assert (address.form, address.nodes, address.service) == (form, nodes, service)
    assert address.tls == url.startswith("rediss")


def test_user_and_password_in_a_url_are_percent_encoded() -> None:
    address = redis_url.parse("redis+sentinel://me:p%40%2F@h/m")
    assert (address.username, address.password) == ("me", "p@/")
    assert address.plain == "redis+sentinel://h/m"


WRONG = [
    ("{url: localhost}", 'redis.url: "localhost" is not a Redis URL'),
    (f"{{url: 'http://me:{SECRET}@h'}}", "redis.url: this is not a Redis URL; write for example"),
    (f"{{url: 'redis://me:{SECRET}@h:port'}}", '"redis://h:port" is not the URL of one Redis'),
    ("{url: 'redis://h:1,i:1'}", '"redis+cluster://host:6379,host:6379"'),
    (f"{{url: 'redis+sentinel://:{SECRET}@h'}}", "does not name the service"),
    ("{url: 'redis+sentinel://h:0/m'}", "is no list of hosts"),
    (f"{{url: 'redis+cluster://:{SECRET}@h/1'}}", "has only one; leave it out"),
    ("{url: 'redis+cluster://h?x=1'}", "write them as keys beside url"),
    (f"{{url: 'redis://:{SECRET}@h', passwordFile: p}}", "take it out of url"),
    (f"{{password: {SECRET}, passwordFile: p}}", "has password and passwordFile; leave one out"),
    ("{url: 'redis://me@h', username: me}", "take it out of url"),
    ("{sentinelPasswordFile: p}", "but url names none"),
    ("{caFile: c}", "write rediss://"),
    ("{url: 'rediss://h', certFile: c}", "only one of certFile and keyFile"),
    ("{password: 12345}", "redis.password: is not text; write it in quotes"),
    (f"'redis://:{SECRET}@h'", 'is no map; write "url: ..." below it'),
    (f"['{SECRET}']", "is no map"),
]


@pytest.mark.parametrize(("redis", "words"), WRONG)
def test_what_does_not_fit_is_told_without_secrets(tmp_path: Path, redis: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, redis)
    assert words in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {"url": f"redis://me:{SECRET}@h"},
        {"password": SECRET},
        {"url": "redis+sentinel://h/m", "sentinelPassword": SECRET},
    ],
)
def test_no_repr_shows_a_password(given: dict[str, Any]) -> None:
    settings = Redis(**given)
    shown = [settings, settings.address, connect(settings), Credentials("me", SECRET, "")]
    assert not [each for each in shown if SECRET in f"{each!r} {each}"]


def test_files_are_meant_from_where_the_configuration_is(tmp_path: Path) -> None:
    config = read(tmp_path, "{url: 'rediss://h', caFile: ca.crt, passwordFile: /run/p}")
    assert config.redis.ca_file == str(tmp_path / "ca.crt")
    assert config.redis.missing_files() == [
        "redis.passwordFile: /run/p is no file; write the path of one",
        f"redis.caFile: {tmp_path}/ca.crt is no file; write the path of one",
    ]


def test_a_password_may_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"TOHOST_REDIS__PASSWORD": "123", "TOHOST_REDIS__SENTINEL_PASSWORD": "456"}
    redis = read(tmp_path, "{url: 'redis+sentinel://h/m'}", environ).redis
    assert (redis.password, redis.sentinel_password) == ("123", "456")


def test_a_passwords_file_is_read_for_each_connection(tmp_path: Path) -> None:
    file = tmp_path / "password"
    credentials = Credentials("me", "", str(file))
    for password in ("one", " two "):
        file.write_text(f"{password}\n")
        assert credentials.get_credentials() == ("me", password)


def test_on_a_cluster_all_keys_of_rq_share_a_hash_tag() -> None:
    connect(Redis(url="redis+cluster://h"))
    try:
        plain = [text for _, _, text in prefix.constants() if text.startswith("rq:")]
        assert (jobs.queue_key("a", "pods"), plain) == ("{rq}:queue:a.pods", [])
    finally:
        connect(Redis())
    assert jobs.queue_key("a", "pods") == "rq:queue:a.pods"
    assert not [text for _, _, text in prefix.constants() if "{rq" in text]
