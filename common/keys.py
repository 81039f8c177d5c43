"""The key of a piece of work: the virtual object, whichever side changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """`namespace` is "" for cluster-scoped kinds. `str(key)` is `cluster plural ns/name`."""

    cluster: str
    plural: str
    namespace: str
    name: str

    @property
    def field(self) -> str:
        """`ns/name`, or `name` alone when cluster-scoped: the key within its kind."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def member(self) -> str:
        """`pods default/web-0`: the key within its virtual cluster, and how people read it."""
        return f"{self.plural} {self.field}"

    def __str__(self) -> str:
        return f"{self.cluster} {self.member}"

    @classmethod
    def from_member(cls, cluster: str, member: str) -> "Key":
        """Read back `member`. Raises ValueError when it has no such form."""
        plural, separator, field = member.partition(" ")
        if not (cluster and plural and separator and field):
            raise ValueError(f"not a key: {cluster!r} {member!r}")
        return cls.from_field(cluster, plural, field)

    @classmethod
    def from_field(cls, cluster: str, plural: str, field: str) -> "Key":
        namespace, slash, name = field.partition("/")
        return cls(cluster, plural, namespace, name) if slash else cls(cluster, plural, "", field)


def redis_prefix(cluster: str) -> str:
    """The start of every Redis key of one virtual cluster; the hash tag keeps them in one slot."""
    return f"tohost:{{{cluster}}}"
