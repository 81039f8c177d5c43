from pathlib import Path

import pytest

from common.errors import ConfigError
from common.kube.credentials import Credentials
from tests.unit.test_kube import write_kubeconfig


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("", "no YAML mapping"),
        ("a: [", "unreadable kubeconfig"),
        ("contexts: []", "current-context"),
    ],
)
async def test_an_unreadable_kubeconfig_is_a_one_line_error_with_its_path(
    tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / "kc"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=says) as caught:
        await Credentials(str(path)).load()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


async def test_without_kubeconfig_and_pod_the_error_says_what_to_write() -> None:
    with pytest.raises(ConfigError, match="write the path of a kubeconfig"):
        await Credentials("").load()


async def test_a_token_file_is_read_again_every_minute(tmp_path: Path) -> None:
    now = 0.0
    (tmp_path / "token").write_text("old")
    path = write_kubeconfig(tmp_path, "http://x", {"tokenFile": "token"})
    credentials = Credentials(path, clock=lambda: now)
    await credentials.load()
    (tmp_path / "token").write_text("new")
    assert not credentials.due
    now = 60.0
    await credentials.refresh()
    assert (credentials.header, credentials.due) == ("Bearer new", False)


async def test_a_kubeconfig_that_vanishes_later_leaves_the_old_credentials(tmp_path: Path) -> None:
    now = 0.0
    path = write_kubeconfig(tmp_path, "http://x", {"token": "old"})
    credentials = Credentials(path, clock=lambda: now)
    await credentials.load()
    (tmp_path / "kubeconfig").rename(tmp_path / "gone")
    now = 60.0
    await credentials.refresh()
    assert not await credentials.renew("Bearer old")
    assert credentials.header == "Bearer old"


async def test_clusters_with_nothing_of_their_own_share_a_tls_context(tmp_path: Path) -> None:
    loaded = []
    for name, server in (("a", "https://a"), ("b", "https://b"), ("c", "http://c")):
        (tmp_path / name).mkdir()
        credentials = Credentials(write_kubeconfig(tmp_path / name, server, {"token": name}))
        await credentials.load()
        loaded.append(credentials.tls)
    assert loaded[0] is loaded[1]
    assert loaded[2] is True, "without TLS there's none"
