"""What each kind needs to be allowed, as data for the chart's templates, which can't run Python.

Rights add up: a configuration needs what is always needed, and what each of its kinds adds, by
whether that is on or being cleaned up. So each is asked of `common.rights` for a virtual cluster
with that kind alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import yaml

from common.access import Rule, merged
from common.config import Config
from common.kinds import REGISTRY
from common.objects import Obj
from common.rights import Place, host_rights, virtual_rights
from tohost.rbac import policy_rules

_NAMESPACE = "host-namespace"
_RESOURCE = "resource-placeholder"
_GROUP = "group-placeholder"
_HEAD = """\
# Made by `make chart` from the kinds; a test fails when it differs. `watcher` and `worker`: in the
# host namespace; with `Wide`: on all of the host; `virtual`: in the virtual cluster.
"""
_Right: TypeAlias = tuple[str, str, str, tuple[str, ...], str]
"""Place, group, resource, names and verb."""


def rights_file() -> str:
    return _HEAD + str(yaml.safe_dump(table(), sort_keys=False, width=100))


def table() -> Obj:
    """Rules by place, for each thing that may be on."""
    always = _rights({})
    return {
        "always": _rules(always),
        "events": _rules(_rights({}, events=True) - always),
        "customResource": _by_state(f"{_RESOURCE}.{_GROUP}", always, custom=True),
        "kinds": {
            kind.option: {
                "default": kind.default,
                **_by_state(kind.option, always),
            }
            for kind in REGISTRY.values()
            if kind.option
        },
    }


def _by_state(name: str, always: frozenset[_Right], *, custom: bool = False) -> Obj:
    states = {"on": {"enabled": True}, "draining": {"enabled": False, "cleanupOnDisable": True}}
    return {
        state: _rules(_rights(_only(name, switch, custom=custom)) - always)
        for state, switch in states.items()
    }


def _only(name: str, switch: Obj, *, custom: bool) -> Obj:
    return {"customResources": {name: switch}} if custom else {name: switch}


def _rights(to_host: Obj, *, events: bool = False) -> frozenset[_Right]:
    """All that is needed with nothing on but what `to_host` says."""
    off = {kind.option: {"enabled": False} for kind in REGISTRY.values() if kind.option}
    sync = {"toHost": {**off, **to_host}, "fromHost": {"events": {"enabled": events}}}
    virtual = {"name": "v", "hostNamespace": _NAMESPACE, "sync": sync}
    config = Config.model_validate({"virtualClusters": [virtual]})
    [cluster] = config.virtual_clusters
    placed = {_place(place): rules for place, rules in host_rights(config).items()}
    return frozenset(_each({**placed, "virtual": virtual_rights(cluster.cluster())}))


def _place(place: Place) -> str:
    return place.account if place.namespace else f"{place.account}Wide"


def _each(placed: Mapping[str, Sequence[Rule]]) -> Iterator[_Right]:
    for place, rules in placed.items():
        for rule in rules:
            for verb in rule.verbs:
                yield place, rule.group, rule.resource, rule.names, verb


def _rules(rights: frozenset[_Right]) -> Obj:
    """As entries of Roles, by place."""
    placed: dict[str, list[Rule]] = {}
    for place, group, resource, names, verb in sorted(rights):
        rule = Rule(_named(group), _named(resource), (verb,), tuple(map(_named, names)))
        placed.setdefault(place, []).append(rule)
    return {place: list(policy_rules(merged(rules))) for place, rules in placed.items()}


def _named(text: str) -> str:
    """With the words that the templates replace by a custom resource's own."""
    return text.replace(_RESOURCE, "$resource").replace(_GROUP, "$group")
