"""Of what the host bound a claim or snapshot to: what that is called in the virtual cluster.

Dynamic volumes and snapshot contents keep the host's name and get a stand-in. Those that tohost
made go by their virtual name, which a shortened host name doesn't tell: the object itself does.
"""

from common.context import Context, Ref

_OURS = "vcluster-"


def bound_name(host_name: str, plural: str, context: Context) -> str:
    """The virtual name, "" as long as it can't be told."""
    if name_to_read(host_name, plural, context) is None:
        return host_name
    if context.related.live_host is None:
        return ""
    return context.related.live_field or host_name


def name_to_read(host_name: str, plural: str, context: Context) -> Ref | None:
    """The host object that tells, when one is needed."""
    possible = host_name.startswith(_OURS) and plural in context.cluster.enabled
    return Ref(plural, "", host_name) if possible else None
