"""The sections for patches and custom resources, and what must hold between them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NoReturn

from pydantic import ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails

from common.config.section import Section
from common.custom.kind import bare
from common.errors import ConfigError
from common.kind import Kind
from common.kinds import REGISTRY
from common.patches.check import check_rule
from common.patches.expression import compiled
from common.patches.path import parse
from common.patches.rules import CustomRule, PatchRule, ReferenceRule

Location = tuple[str | int, ...]
Problem = tuple[Location, str]
_RESOURCE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")
_PATHS = ("api_version_path", "kind_path", "name_path", "namespace_path")
_NEEDS_NAME = ("apiVersionPath", "kindPath", "namespacePath")


class PatchReference(Section):
    """The value at a patch's path names another object; the paths are meant from that value."""

    api_version: str = ""
    api_version_path: str = ""
    kind: str = ""
    kind_path: str = ""
    name_path: str = ""
    namespace_path: str = ""

    @field_validator(*_PATHS)
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            _refusing(parse, value)
        return value

    @model_validator(mode="after")
    def _complete(self) -> "PatchReference":
        if not self.kind and not self.kind_path:
            raise ValueError('names no kind; write for example "apiVersion: v1" and "kind: Secret"')
        given = [key for key, path in zip(_NEEDS_NAME, self._paths(), strict=True) if path]
        if given and not self.name_path:
            raise ValueError(f"has {given[0]} without namePath; write where the name is")
        return self

    def _paths(self) -> tuple[str, ...]:
        return self.api_version_path, self.kind_path, self.namespace_path

    def rule(self) -> ReferenceRule:
        return ReferenceRule(
            self.api_version,
            self.kind,
            self.api_version_path,
            self.kind_path,
            self.name_path,
            self.namespace_path,
        )


class Reference(PatchReference):
    """A reference patch in one: a path of a custom resource, and what is named there."""

    path: str

    @field_validator("path")
    @classmethod
    def _parsed(cls, value: str) -> str:
        _refusing(parse, value)
        return value

    def patch_rule(self) -> PatchRule:
        return PatchRule(self.path, reference=self.rule())


class Patch(Section):
    """A change to one path on the way down, and back: by expressions in CEL, or by following a
    reference or labels."""

    path: str
    expression: str = ""
    reverse_expression: str = ""
    reference: PatchReference | None = None
    labels: dict[str, Any] | None = None

    @field_validator("path")
    @classmethod
    def _parsed(cls, value: str) -> str:
        _refusing(parse, value)
        return value

    @field_validator("expression", "reverse_expression")
    @classmethod
    def _compiled(cls, value: str) -> str:
        if value:
            _refusing(compiled, value)
        return value

    @field_validator("labels")
    @classmethod
    def _empty(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value:
            raise ValueError('has no settings; write "labels: {}"')
        return value

    @model_validator(mode="after")
    def _one_mode(self) -> "Patch":
        modes = [
            bool(self.expression or self.reverse_expression),
            self.reference is not None,
            self.labels is not None,
        ]
        if sum(modes) != 1:
            raise ValueError(
                f"does {'several things' if any(modes) else 'nothing'}; write one of: expression "
                "and reverseExpression, reference, labels"
            )
        return self

    def rule(self) -> PatchRule:
        return PatchRule(
            self.path,
            self.expression,
            self.reverse_expression,
            self.reference.rule() if self.reference else None,
            self.labels is not None,
        )


class CustomResourceFields(Section):
    """`references`: what its fields name, which follows to the host; `version`: the one to use, ""
    for the newest that both sides serve."""

    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    version: str = ""
    references: list[Reference] = []
    patches: list[Patch] = []

    def rules(self) -> tuple[PatchRule, ...]:
        followed = [reference.patch_rule() for reference in self.references]
        return (*followed, *(patch.rule() for patch in self.patches))

    def custom(self, name: str) -> CustomRule:
        return CustomRule(name, self.scope == "Namespaced", self.version)


def with_versions_apart(resources: Any) -> Any:
    """vCluster writes a version into the name: `widgets.example.com/v1`."""
    if not isinstance(resources, dict):
        return resources
    result = {}
    for name, resource in resources.items():
        plain, slash, version = str(name).partition("/")
        split = slash and isinstance(resource, dict) and "version" not in resource
        result[plain if split else name] = {**resource, "version": version} if split else resource
    return result


def refuse_problems(
    patches: Mapping[str, list[Patch]], custom: Mapping[str, CustomResourceFields]
) -> None:
    """Raises ValidationError with all that doesn't fit together. `patches`: by plural."""
    if problems := [*_names(custom), *_built_in(patches, custom), *_custom(custom)]:
        _refuse(problems)


def _names(custom: Mapping[str, CustomResourceFields]) -> Iterator[Problem]:
    options = {(kind.resource, kind.group): kind.option for kind in REGISTRY.values()}
    for name in custom:
        resource, _, group = name.partition(".")
        if not _RESOURCE.fullmatch(name):
            message = 'is no resource; write <plural>.<group>, for example "widgets.example.com"'
            yield ("customResources", name), message
        elif option := options.get((resource, group)):
            yield ("customResources", name), f"is synced by sync.toHost.{option}; write that"


def _kinds(custom: Mapping[str, CustomResourceFields]) -> dict[str, Kind]:
    return {**REGISTRY, **{name: bare(each.custom(name)) for name, each in custom.items()}}


def _built_in(
    patches: Mapping[str, list[Patch]], custom: Mapping[str, CustomResourceFields]
) -> Iterator[Problem]:
    kinds = _kinds(custom)
    for plural, listed in patches.items():
        place: Location = (kinds[plural].option, "patches")
        yield from _checked(kinds[plural], place, [patch.rule() for patch in listed], kinds)
        yield from _repeated(place, [patch.path for patch in listed])


def _custom(custom: Mapping[str, CustomResourceFields]) -> Iterator[Problem]:
    kinds = _kinds(custom)
    for name, resource in custom.items():
        for key, rules in (
            ("references", [each.patch_rule() for each in resource.references]),
            ("patches", [each.rule() for each in resource.patches]),
        ):
            place: Location = ("customResources", name, key)
            yield from _checked(kinds[name], place, rules, kinds)
            yield from _repeated(place, [rule.path for rule in rules])


def _checked(
    kind: Kind, place: Location, rules: Iterable[PatchRule], kinds: Mapping[str, Kind]
) -> Iterator[Problem]:
    for index, rule in enumerate(rules):
        problem = check_rule(kind, rule, kinds)
        if problem is not None:
            field, message = problem
            inside = () if field == "reference" and place[-1] == "references" else (field,)
            yield (*place, index, *inside), message


def _repeated(place: Location, paths: list[str]) -> Iterator[Problem]:
    parsed = [parse(path) for path in paths]
    for index, path in enumerate(parsed):
        if path in parsed[:index]:
            first = parsed.index(path)
            yield (*place, index, "path"), f"is that of [{first}] too; write one patch for it"


def _refusing(check: Any, value: str) -> None:
    """What is wrong, in the way that pydantic wants to hear it."""
    try:
        check(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _refuse(problems: Iterable[Problem]) -> NoReturn:
    raise ValidationError.from_exception_data(
        "patches",
        [
            InitErrorDetails(
                type="value_error", loc=place, input=None, ctx={"error": ValueError(message)}
            )
            for place, message in problems
        ],
    )
