"""What the host refuses: told where the tenant looks, and nobody else waits for it."""

import time

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from common.objects import Obj
from tests.e2e.objects import configmap, in_volume, pod, service
from tests.e2e.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The API's limit for all annotations together; ours make it too much on the host.
_ANNOTATIONS_BYTES = 256 * 1024
REFUSED = "may not be more than 262144 bytes"


def too_big(name: str) -> Obj:
    obj = pod(name)
    obj["metadata"]["annotations"] = {"big": "x" * (_ANNOTATIONS_BYTES - 10)}
    return obj


def failed_job(space: Space, plural: str, name: str) -> str:
    """What rq-dashboard shows of the failed job; "" when there is none."""
    redis, cluster = space.world.redis, space.world.name
    id_ = f"{cluster}__{plural}__{space.namespace}__{name}"
    if redis.zscore(f"rq:failed:{cluster}.{plural}", id_) is None:
        return ""
    job = Job.fetch(id_, connection=redis, serializer=JSONSerializer)
    result = job.latest_result()
    return str(result.exc_string) if result else ""


async def test_a_refusal_becomes_a_warning_and_a_failed_job_with_the_servers_words(
    space: Space,
) -> None:
    await space.create("pods", too_big("p"))
    event = await space.warning("p", "Invalid")
    assert REFUSED in event["message"]
    await space.settled()
    assert REFUSED in failed_job(space, "pods", "p")


async def test_a_refused_object_is_tried_again_when_it_changes(space: Space) -> None:
    await space.create("pods", too_big("p"))
    await space.warning("p", "Invalid")
    await space.patch("pods", "p", {"metadata": {"annotations": {"big": "small"}}})
    await space.running("p")
    assert failed_job(space, "pods", "p") == ""


async def test_refused_objects_delay_nobody(space: Space) -> None:
    for number in range(30):
        await space.create("pods", too_big(f"bad{number}"))
    began = time.monotonic()
    await space.create("pods", pod("good"))
    await space.running("good")
    assert time.monotonic() - began < 5
    await space.warning("bad29", "Invalid")


async def test_a_fight_over_a_host_object_is_given_up_with_a_warning(space: Space) -> None:
    """Something on the host sets a label back each time."""
    obj = service("s")
    obj["metadata"]["labels"] = {"tier": "web"}
    await space.create("services", obj)
    await space.host("services", "s")
    for _ in range(3):
        await space.host("services", "s", lambda s: s["metadata"]["labels"]["tier"] == "web")
        await space.settled()
        await space.patch_host("services", "s", {"metadata": {"labels": {"tier": "host"}}})
    await space.host("services", "s", lambda s: s["metadata"]["labels"]["tier"] == "web")
    await space.patch_host("services", "s", {"metadata": {"labels": {"tier": "host"}}})
    await space.warning("s", "HostObjectChangedBack")
    await space.patch("services", "s", {"metadata": {"labels": {"tier": "db"}}})
    await space.host("services", "s", lambda s: s["metadata"]["labels"]["tier"] == "db")


async def test_a_pod_and_its_configmap_in_any_order_end_up_running(space: Space) -> None:
    for number in range(10):
        name = f"n{number}"
        first, second = (
            ("configmaps", configmap(name)),
            (
                "pods",
                pod(name, in_volume("configmaps", name)),
            ),
        )
        for plural, obj in (first, second) if number % 2 else (second, first):
            await space.create(plural, obj)
    for number in range(10):
        await space.running(f"n{number}")
        await space.host("configmaps", f"n{number}")
