"""The workqueue on RQ; `queue` says how it works, the other modules are its parts."""

from common.workqueue.queue import Taken, WorkQueue
from common.workqueue.state import LEASE_S, Again, Done, Outcome, Retry, Terminal

__all__ = ["Again", "Done", "LEASE_S", "Outcome", "Retry", "Taken", "Terminal", "WorkQueue"]
