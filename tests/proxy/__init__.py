"""An HTTP reverse proxy in front of an API server, for tests: makes trouble and sees every write.

`target` reads paths, `faults` holds the trouble that is wanted, `audit` the writes that were seen,
`calls` all requests, `status`, `copies` and `streams` make answers, `forward` serves one request,
and `server` runs it all in a thread of its own. `host_rules` and `virtual_rules` say what tohost
may write.
"""

from tests.proxy.audit import Audit, Write
from tests.proxy.calls import Call, Calls
from tests.proxy.faults import Fault, Faults, Sort
from tests.proxy.host_rules import HostRules
from tests.proxy.server import Proxy
from tests.proxy.target import Target, parse_target
from tests.proxy.virtual_rules import VirtualRules

__all__ = [
    "Audit",
    "Call",
    "Calls",
    "Fault",
    "Faults",
    "HostRules",
    "Proxy",
    "Sort",
    "Target",
    "VirtualRules",
    "Write",
    "parse_target",
]
