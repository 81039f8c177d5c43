"""The workqueue on RQ; `queue` says how it works, the other modules are its parts."""

from common.workqueue.queue import Taken, WorkQueue
from common.workqueue.state import LEASE_S, Again, Blocked, Done, Outcome, Retry, Terminal
from common.workqueue.tries import Tries

__all__ = [
    "Again",
    "Blocked",
    "Done",
    "LEASE_S",
    "Outcome",
    "Retry",
    "Taken",
    "Terminal",
    "Tries",
    "WorkQueue",
]
