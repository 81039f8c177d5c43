"""What the configuration says of patches and custom resources: values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """The value at a path names an object of this kind; the paths are meant from that value.

    name_path "": the value is the name itself. namespace_path "": it is in the same namespace.
    api_version and kind hold where their paths, if any, lead nowhere.
    """

    api_version: str = ""
    kind: str = ""
    api_version_path: str = ""
    kind_path: str = ""
    name_path: str = ""
    namespace_path: str = ""


@dataclass(frozen=True, slots=True)
class PatchRule:
    """One path, and what is done there: `expression` on the way down and `reverse` on the way up
    (both CEL), or the name there follows, or the label keys there do."""

    path: str
    expression: str = ""
    reverse: str = ""
    reference: ReferenceRule | None = None
    labels: bool = False


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A custom resource that is synced. plural: `<plural>.<group>`. version "": any that both sides
    serve."""

    plural: str
    namespaced: bool = True
    version: str = ""

    @property
    def resource(self) -> str:
        return self.plural.partition(".")[0]

    @property
    def group(self) -> str:
        return self.plural.partition(".")[2]
