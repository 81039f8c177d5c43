"""How many objects a worker works on at once."""

from pathlib import Path

import pytest

from common.config import load
from common.errors import ConfigError

A = "virtualClusters:\n- name: a\n  hostNamespace: vc-a\n"


def concurrency(folder: Path, text: str = "", **environ: str) -> int:
    file = folder / "tohost.yaml"
    file.write_text(f"{A}workers: {{concurrency: {text}}}\n" if text else A)
    return load(file, environ).workers.concurrency


def test_it_is_192_unless_told_otherwise(tmp_path: Path) -> None:
    assert concurrency(tmp_path) == 64
    assert concurrency(tmp_path, "2") == 2
    assert concurrency(tmp_path, "2", TOHOST_WORKERS__CONCURRENCY="1000") == 1000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0", "is 0; it must be greater than or equal to 1"),
        ("1001", "is 1001; it must be less than or equal to 1000"),
        ("many", 'is "many"; this must be a whole number, without quotes'),
    ],
)
def test_what_no_worker_can_do_is_told_so(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        concurrency(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/tohost.yaml: workers.concurrency: {problem}"
