"""The function that every job of the workqueue names.

`tohost worker` never calls it: it takes the key from the job and reconciles that. It is here so
that the name can be imported, and so that somebody else's worker fails with a clear message.
"""


def reconcile(cluster: str, member: str) -> None:
    """Refuse to run. The key is not lost: its mark stands, and the sweeper queues it again."""
    raise RuntimeError(
        f"{member} of {cluster} was taken by a plain RQ worker, which can't reconcile it; "
        "run `tohost worker` instead. The key will be queued again within seconds."
    )
