"""A vCluster values.yaml: the sections of it that matter here, and its other keys."""

from pathlib import Path

from pydantic import ValidationError

from common.config import problems
from common.config.model import Naming, Networking
from common.config.policies import Policies
from common.config.reading import read_map
from common.config.section import Section
from common.config.sync import Sync
from common.errors import ConfigError
from common.objects import Obj


class Values(Section):
    sync: Sync = Sync()
    networking: Networking = Networking()
    naming: Naming = Naming()
    policies: Policies = Policies()


# Top-level keys of vCluster's own values.yaml; a key that is none of these may be a typing error.
_VCLUSTER_KEYS = frozenset(
    "autoUpgrade controlPlane deploy experimental exportKubeConfig external globalMetadata "
    "integrations license logging platform plugin plugins privateNodes pro rbac "
    "sleepMode snapshots standalone telemetry".split()
)


def read_values(path: Path) -> tuple[Obj, list[str]]:
    """The checked sections that `Values` has, and notes on the other keys.

    Raises ConfigError with one line for each problem.
    """
    content = read_map(path, holds='a vCluster values.yaml, such as "sync: {toHost: {}}"')
    known = problems.keys(Values)
    notes, wrong = [], []
    for key in sorted(str(key) for key in content if key not in known):
        advice = problems.nearest(key, known)
        if key not in _VCLUSTER_KEYS and advice.startswith("write"):
            wrong.append(f"{path}: {key}: unknown key; {advice}")
        else:
            notes.append(f"{path}: {key}: not a setting of tohost, ignored")
    sections = {key: content[key] for key in known if key in content}
    try:
        Values.model_validate(sections, by_alias=True, by_name=False)
    except ValidationError as error:
        wrong += problems.lines(error, Values, str(path), {})
    if wrong:
        raise ConfigError("\n".join(wrong))
    return sections, notes
