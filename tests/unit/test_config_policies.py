"""The `policies` section, in `tohost.yaml` and in values files."""

from pathlib import Path

import pytest

from common.config import Config, load
from common.errors import ConfigError

ONE = "virtualClusters:\n- name: v\n  hostNamespace: h\n"


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    file = folder / "tohost.yaml"
    file.write_text(ONE + text)
    return load(file, environ or {})


def standard(config: Config) -> str:
    return config.virtual_clusters[0].cluster().pod_security


@pytest.mark.parametrize("given", ['""', "privileged", "baseline", "restricted"])
def test_a_standard_reaches_translation(tmp_path: Path, given: str) -> None:
    config = read(tmp_path, f"  policies: {{podSecurityStandard: {given}}}\n")
    assert standard(config) == (given.strip('"') or "privileged")
    assert config.notes == ()


def test_nothing_is_checked_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert standard(read(tmp_path, "")) == "privileged"


def test_an_unknown_standard_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'podSecurityStandard: is "strict"; write .*restricted'):
        read(tmp_path, "  policies: {podSecurityStandard: strict}\n")


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='podSecurity: unknown key; write "podSecurityStandard"'):
        read(tmp_path, "  policies: {podSecurity: baseline}\n")


def test_a_values_file_may_say_it_and_the_configuration_wins(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("policies: {podSecurityStandard: baseline}\n")
    assert standard(read(tmp_path, "  values: v.yaml\n")) == "baseline"
    more = "  values: v.yaml\n  policies: {podSecurityStandard: restricted}\n"
    assert standard(read(tmp_path, more)) == "restricted"


def test_a_variable_says_it_too(tmp_path: Path) -> None:
    variable = "TOHOST_VIRTUAL_CLUSTERS__V__POLICIES__POD_SECURITY_STANDARD"
    assert standard(read(tmp_path, "", {variable: "baseline"})) == "baseline"


def test_policies_that_nothing_acts_on_are_noted_when_they_ask_for_something(
    tmp_path: Path,
) -> None:
    (tmp_path / "v.yaml").write_text(
        "policies:\n"
        "  resourceQuota: {enabled: auto, quota: {pods: 10}}\n"
        "  limitRange: {enabled: false, max: {cpu: 1}}\n"
        "  networkPolicy: {}\n"
        "  centralAdmission: {validatingWebhooks: [], mutatingWebhooks: []}\n"
    )
    notes = read(tmp_path, "  values: v.yaml\n").notes
    assert notes == ("v: policies.resourceQuota: not yet supported, ignored",)


TWO = """
virtualClusters:
- {{name: {}, hostNamespace: {}, kubeconfig: a}}
- {{name: {}, hostNamespace: {}, kubeconfig: b}}
"""


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (("b", "h"), ("a-x-b", "h"), "host names of"),
        (("a", "h"), ("a-sa-tokens", "h"), "host names of"),
        (("v", "h"), ("b-x-h-x-v", "other"), "cluster-scoped host objects"),
        (("a", "h-x-b"), ("b-x-a", "h"), "cluster-scoped host objects"),
    ],
)
def test_virtual_clusters_whose_host_names_could_be_alike_are_refused(
    tmp_path: Path, first: tuple[str, str], second: tuple[str, str], problem: str
) -> None:
    file = tmp_path / "tohost.yaml"
    file.write_text(TWO.format(*first, *second))
    with pytest.raises(ConfigError, match=problem):
        load(file, {})


@pytest.mark.parametrize(
    ("first", "second", "noted"),
    [
        (("team", "h"), ("team-a", "h"), True),
        (("team", "h"), ("team-a", "other"), False),
        (("team", "h"), ("teams", "h"), False),
        (("one", "h"), ("two", "h"), False),
    ],
)
def test_neighbours_whose_cut_names_begin_alike_are_noted(
    tmp_path: Path, first: tuple[str, str], second: tuple[str, str], noted: bool
) -> None:
    file = tmp_path / "tohost.yaml"
    file.write_text(TWO.format(*first, *second))
    assert any("ten hex digits" in note for note in load(file, {}).notes) is noted
