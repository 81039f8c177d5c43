"""From files and environment to a Config, or to every problem at once."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from common.config import checks, environment, problems
from common.config.mapping_checks import mapping_problems
from common.config.model import MAY_BE_EMPTY, Config
from common.config.notes import notes_of
from common.config.reading import read_map
from common.config.redis import FILES
from common.config.values import read_values
from common.errors import ConfigError
from common.objects import Obj, merge_patch

DEFAULT_PATHS = (Path("tohost.yaml"), Path("/etc/tohost/tohost.yaml"))
_HOLDS = 'at least "virtualClusters:" and a list of them'
_VALUES_SECTIONS = ("sync", "networking", "naming", "policies")


def load(
    path: str | Path | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    check_kubeconfigs: bool = False,
    may_be_empty: bool = False,
) -> Config:
    """Read the configuration; `path` None: `TOHOST_CONFIG`, else the first default that is there.
    `may_be_empty`: it needs no virtual cluster.

    Relative paths in the file are meant from where the file is. Raises ConfigError, with one line
    for each problem, and reads no kubeconfig unless told to.
    """
    file = _find(path, environ)
    content = read_map(file, _HOLDS) if file else {}
    wrong = _resolve_paths(content, file) if file else []
    origins, unknown = environment.overlay(content, Config, environ)
    label = str(file) if file else "environment"
    notes = _take_values(content, label, wrong)
    if may_be_empty:
        content.setdefault("virtualClusters", [])
    try:
        config = Config.model_validate(
            content, by_alias=True, by_name=False, context={MAY_BE_EMPTY: may_be_empty}
        )
    except ValidationError as error:
        raise ConfigError(
            "\n".join([*wrong, *unknown, *problems.lines(error, Config, label, origins)])
        ) from None
    found = [*checks.duplicates(config), *mapping_problems(config)]
    if check_kubeconfigs:
        found += [*checks.kubeconfigs(config), *config.redis.missing_files()]
    wrong += [*unknown, *(f"{label}: {line}" for line in found)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    config._notes = (*notes, *notes_of(config))
    return config


def _find(path: str | Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to read; None when all settings may come from the environment."""
    named = path or environ.get(environment.FILE_VARIABLE)
    if named:
        return Path(named)
    found = next((default for default in DEFAULT_PATHS if default.exists()), None)
    if found or any(name.startswith("TOHOST_VIRTUAL_CLUSTERS") for name in environ):
        return found
    raise ConfigError(
        f"{DEFAULT_PATHS[0]}: no such file; write one, or name it with --config or "
        f"{environment.FILE_VARIABLE}"
    )


def _entries(content: Obj) -> list[tuple[int, Obj]]:
    clusters = content.get("virtualClusters")
    found = enumerate(clusters) if isinstance(clusters, list) else ()
    return [(index, entry) for index, entry in found if isinstance(entry, dict)]


def _resolve_paths(content: Obj, file: Path) -> list[str]:
    """Make the paths in the file absolute; returns problems."""
    wrong = []
    host, redis = content.get("host"), content.get("redis")
    for key in FILES:
        _make_absolute(redis if isinstance(redis, dict) else {}, key, file)
    for entry in [host if isinstance(host, dict) else {}, *(e for _, e in _entries(content))]:
        for key in ("kubeconfig", "values"):
            _make_absolute(entry, key, file)
    for index, entry in _entries(content):
        if entry.get("values") and "sync" in entry:
            wrong.append(
                f"{file}: virtualClusters[{index}].sync: is there beside values; "
                "write it in the values file, or leave values out"
            )
    return wrong


def _make_absolute(section: Obj, key: str, file: Path) -> None:
    """`~` of a user that isn't there stays: such a file won't be found, and that's told."""
    if isinstance(section.get(key), str) and section[key]:
        section[key] = str(file.parent / os.path.expanduser(section[key]))


def _take_values(content: Obj, label: str, wrong: list[str]) -> list[str]:
    """Put the content of values files where inline settings would be; returns notes.

    Inline settings and variables win over the file. Problems are added to `wrong`.
    """
    notes = []
    for index, entry in _entries(content):
        if not (isinstance(entry.get("values"), str) and entry["values"]):
            continue
        if not Path(entry["values"]).is_file():
            wrong.append(
                f"{label}: virtualClusters[{index}].values: {entry['values']} is no file; "
                "write the path of a vCluster values.yaml"
            )
            continue
        try:
            sections, ignored = read_values(Path(entry["values"]))
        except ConfigError as error:
            wrong.append(str(error))
            continue
        notes += ignored
        for key in _VALUES_SECTIONS:
            if key in sections:
                entry[key] = merge_patch(sections[key], entry.get(key, {}))
    return notes
