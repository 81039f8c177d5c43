"""The documentation: builds as a site without a warning, loads nothing from elsewhere, and tells of
nothing that isn't there.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pages import DOCS, ROOT, pages, told_commands
from tohost.cli import COMMANDS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    made = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")}
    written = {path.relative_to(DOCS) for path in DOCS.rglob("*.md")}
    wanted = {path.with_name("index.md") if path.name == "README.md" else path for path in written}
    assert wanted | {Path("deploying.md")} <= made


def test_the_deploying_page_is_the_readme_of_deploy(site: Path) -> None:
    page = (site / "deploying.html").read_text()
    assert "kubeconfig" in page
    assert "deploying.html" in (site / "quick-start.html").read_text()
    assert not re.findall(r'href="[^"]*\.md[#"]', page)


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loading = re.compile(
        r'<(?:script|img|iframe)[^>]+src="(https?:)?//|<link[^>]+href="(https?:)?//'
    )
    found = [path.name for path in site.rglob("*.html") if loading.search(path.read_text())]
    assert found == []


def test_blocks_of_a_numbered_list_stay_in_it(site: Path) -> None:
    """A block that is indented by less than four ends the list, and the next number is 1 again."""
    for path in site.rglob("*.html"):
        assert not re.search(r'<ol start="', path.read_text()), path.name


def test_every_command_that_is_told_exists() -> None:
    unknown = {(page, word) for page, word in told_commands() if word not in COMMANDS}
    assert unknown == set()
    assert {"status", "explain", "doctor", "requeue"} <= {word for _, word in told_commands()}


def test_every_make_target_that_is_told_exists() -> None:
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {
        word
        for page in pages()
        for word in re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", page.read_text(), re.M)
    }
    assert told <= there
    assert "site" in told


def test_the_navigation_names_each_decision_by_its_number() -> None:
    files = sorted(path.name for path in (DOCS / "adr").glob("0*.md"))
    listed = re.findall(r"\((0\d{3}-[^)]+)\)", (DOCS / "adr" / "README.md").read_text())
    assert listed == files
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert all(f"adr/{name}" in str(config["nav"]) for name in files)
