"""Free loopback ports."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port nobody listens on now. Somebody may by the time it is used, which is unlikely."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
