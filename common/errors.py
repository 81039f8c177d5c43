"""Every error that tohost raises, and the three outcomes that a reconcile knows.

TohostError
├── ConfigError        the configuration can't be used; exit code 2
├── PositionError      a stream isn't where it left off in Redis: it must start anew
├── NotServedError     a server doesn't serve a stream's kind as it did: find out what it serves
├── RetryError         transient: try again with back-off (outcome: retry)
│   ├── ConflictError  the object changed meanwhile: read again, retry at once
│   ├── HeldError      it waits for the brake or its turn: no failure, look again later
│   └── BlockedError   refused for want of something else: retry, and tell if it lasts
└── TerminalError      refused: somebody must change something (outcome: terminal)
    ├── ApiError       an API server refused the request (4xx); `status` says how
    │   ├── NotFoundError       404: the object, or the kind, isn't there
    │   └── AlreadyExistsError  409 to a create: another object bears the name
    └── IdentityError  another cluster answers behind a virtual cluster's kubeconfig

The third outcome, "requeue after", is no error: see `common.actions.RequeueAfter`.
"""

from common.objects import Obj


class TohostError(Exception):
    """Any error that tohost raises on purpose; its message is for people."""


class ConfigError(TohostError):
    """The configuration can't be used; the message names the path and what to write."""


class PositionError(TohostError):
    """Redis no longer has a stream's last position, so it may lack what came before, too."""


class NotServedError(TohostError):
    """The API server lacks the kind of a stream, or serves it in another version now."""


class RetryError(TohostError):
    """A transient failure. `after_s`: the least wait the server asked for, None if it didn't."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class ConflictError(RetryError):
    """The object changed between read and write (409)."""


class HeldError(RetryError):
    """It has to wait though nothing failed: for the brake (`common.safety`), or for its turn."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message, after_s)
        self.wait_s = after_s


class BlockedError(RetryError):
    """Something else must come first: quota, a ServiceAccount, the namespace. It may be just being
    created, or be missing for good. `reason` suits an Event."""

    def __init__(self, message: str, reason: str = "SyncFailed") -> None:
        super().__init__(message)
        self.reason = reason


class TerminalError(TohostError):
    """A failure that lasts until an object or a server's mind changes; `reason` suits an Event."""

    def __init__(self, message: str, reason: str = "SyncFailed") -> None:
        super().__init__(message)
        self.reason = reason


class ApiError(TerminalError):
    """An API server answered with an error that retrying by itself won't cure.

    `reason` is the server's (`NotFound`, `Invalid`, `Expired`, ...), `details` its Status details.
    """

    def __init__(self, message: str, status: int, reason: str, details: Obj | None = None) -> None:
        super().__init__(message, reason)
        self.status = status
        self.details = details or {}


class NotFoundError(ApiError):
    """The server has no such object; or no such path at all, when `details` is empty."""


class AlreadyExistsError(ApiError):
    """A create met an object of the same name."""


class IdentityError(TerminalError):
    """Not the virtual cluster that the store and the host objects belong to."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "ClusterReplaced")
