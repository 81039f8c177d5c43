"""Which of the host's service addresses the virtual API server is known to take."""

from typing import cast

import pytest

from common.errors import NotFoundError
from common.kube.client import KubeClient
from common.objects import Obj
from workers.service_ranges import KEPT_S, ServiceRanges


class Host:
    """An API server with these service ranges, or one that doesn't tell."""

    def __init__(self, *cidrs: str) -> None:
        self.cidrs = cidrs
        self.asked = 0

    async def request(self, _method: str, _path: str) -> Obj:
        self.asked += 1
        if not self.cidrs:
            raise NotFoundError("host: GET servicecidrs/kubernetes: 404", 404, "NotFound")
        return {"spec": {"cidrs": list(self.cidrs)}}


class Ranges:
    """Those of a virtual cluster beside such a host, at a time that is set by hand."""

    def __init__(self, *cidrs: str) -> None:
        self.now_s = 0.0
        self.host = Host(*cidrs)
        self.known = ServiceRanges(lambda: self.now_s)

    async def ask(self) -> None:
        await self.known.ask(cast(KubeClient, self.host))


async def test_an_address_that_was_taken_proves_its_range_and_no_other() -> None:
    ranges = Ranges("10.97.0.0/16", "fd00::/112")
    await ranges.ask()
    assert not ranges.known.are_proven(["10.97.1.1"])
    ranges.known.prove(["10.97.1.1"])
    assert ranges.known.are_proven(["10.97.200.1"])
    assert not ranges.known.are_proven(["10.98.0.1"])
    assert not ranges.known.are_proven(["10.97.1.1", "fd00::5"])


async def test_a_proof_ends_with_time_and_with_a_refusal() -> None:
    ranges = Ranges("10.97.0.0/16")
    await ranges.ask()
    for end in (ranges.known.doubt, lambda: setattr(ranges, "now_s", ranges.now_s + KEPT_S)):
        ranges.known.prove(["10.97.1.1"])
        assert ranges.known.are_proven(["10.97.2.2"])
        end()
        assert not ranges.known.are_proven(["10.97.2.2"])


@pytest.mark.parametrize("cidrs", [(), ("10.97.0.0/16",)])
async def test_the_host_is_asked_once_in_a_while(cidrs: tuple[str, ...]) -> None:
    ranges = Ranges(*cidrs)
    await ranges.ask()
    await ranges.ask()
    assert (ranges.host.asked, ranges.known.cidrs) == (1, cidrs)
    ranges.now_s += KEPT_S
    await ranges.ask()
    assert ranges.host.asked == 2


async def test_a_host_that_does_not_tell_proves_nothing() -> None:
    ranges = Ranges()
    await ranges.ask()
    ranges.known.prove(["10.97.1.1"])
    assert not ranges.known.are_proven(["10.97.1.1"])
