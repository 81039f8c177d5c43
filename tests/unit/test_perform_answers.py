"""What a worker takes from the answers of API servers."""

from common.cluster import Cluster
from common.context import Related
from common.keys import Key
from common.kinds import REGISTRY
from common.objects import Obj
from workers.work import Work


def work() -> Work:
    key = Key("v", "pods", "n", "p")
    return Work(key, REGISTRY["pods"], Cluster("v", "h"), None, None, Related(), b"key")


def test_an_answer_is_the_present_state_and_is_stored() -> None:
    one, pod = work(), {"metadata": {"name": "p", "resourceVersion": "7"}}
    one.saw("host", pod)
    assert one.host == pod
    assert one.answers == [("host", pod)]


def test_an_answer_without_a_version_is_not_stored() -> None:
    """Real API servers answer so to a DELETE that another one overtook."""
    one = work()
    pod: Obj = {"metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    one.saw("host", pod)
    assert one.answers == []
