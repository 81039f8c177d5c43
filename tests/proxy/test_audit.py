"""What a proxy notes of writes."""

from __future__ import annotations

import pytest

from common.errors import RetryError
from common.kube.client import MERGE_PATCH
from tests.proxy.conftest import CONFIGMAPS, Rig


async def test_a_write_is_noted_with_its_body_and_answer(rig: Rig) -> None:
    body = {"metadata": {"name": "a"}, "data": {"x": "y"}}
    await rig.through.request("POST", CONFIGMAPS, body=body)
    [write] = rig.proxy.audit.writes
    assert (write.verb, write.path, write.status) == ("create", CONFIGMAPS, 201)
    assert (write.body, write.content_type, write.found) == (body, "application/json", {})


async def test_reads_are_not_noted(rig: Rig) -> None:
    await rig.through.list_page(CONFIGMAPS)
    assert rig.proxy.audit.count == 0


async def test_what_a_change_meets_is_read_before(rig: Rig) -> None:
    await rig.create("a", x="1")
    path = f"{CONFIGMAPS}/a"
    patch = {"data": {"x": "2"}}
    await rig.through.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
    await rig.through.request("DELETE", path)
    patched, deleted = rig.proxy.audit.take()
    assert [each.before[0]["data"] for each in (patched, deleted)] == [{"x": "1"}, {"x": "2"}]
    assert patched.may_have_happened
    assert rig.proxy.audit.writes == []


async def test_a_deleted_collection_is_read_before(rig: Rig) -> None:
    await rig.create("a")
    await rig.create("b")
    query = {"fieldSelector": "metadata.name=b"}
    await rig.through.request("DELETE", CONFIGMAPS, params=query)
    [write] = rig.proxy.audit.writes
    assert write.verb == "deletecollection"
    assert [each["metadata"]["name"] for each in write.before] == ["b"]


async def test_a_write_that_failed_on_request_has_not_happened(rig: Rig) -> None:
    rig.proxy.faults.fail(500)
    with pytest.raises(RetryError):
        await rig.through.request("POST", CONFIGMAPS, body={"metadata": {"name": "a"}})
    [write] = rig.proxy.audit.writes
    assert not write.forwarded
    assert not write.may_have_happened


async def test_a_write_whose_answer_was_lost_has_happened(rig: Rig) -> None:
    rig.proxy.faults.fail_after()
    with pytest.raises(RetryError):
        await rig.through.request("POST", CONFIGMAPS, body={"metadata": {"name": "a"}})
    [write] = rig.proxy.audit.writes
    assert write.may_have_happened


async def test_a_dry_run_is_told_from_a_write(rig: Rig) -> None:
    body = {"metadata": {"name": "a"}}
    await rig.through.request("POST", CONFIGMAPS, body=body, params={"dryRun": "All"})
    [write] = rig.proxy.audit.writes
    assert write.dry_run
    assert not write.may_have_happened


async def test_verdicts_are_kept_without_the_writes(rig: Rig) -> None:
    audit = rig.proxy.audit
    audit.judge, audit.keep = lambda write: [f"seen {write}"], False
    await rig.through.request("POST", CONFIGMAPS, body={"metadata": {"name": "a"}})
    assert audit.verdicts == [f"seen POST {CONFIGMAPS} -> 201"]
    assert audit.seen == {"create configmaps": 1}
    assert audit.writes == []
