"""Projected service account tokens: minted by the virtual cluster for the virtual pod."""

import base64
from typing import Any

import orjson
import pytest

from common.objects import Obj
from tests.e2e.objects import pod, token_volume
from tests.e2e.space import Space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFRESH_AT = "vcluster.loft.sh/token-refresh-at"


def claims_of(token: str) -> Any:
    """What a JSON Web Token says, its signature unchecked."""
    payload = token.split(".")[1]
    return orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def token_of(host: Obj) -> str:
    """What the pod reads in its volume."""
    source = host["spec"]["volumes"][0]["projected"]["sources"][0]
    field = source["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"]
    key = field.removeprefix("metadata.annotations['").removesuffix("']")
    return str(host["metadata"]["annotations"][key])


async def test_a_token_is_minted_for_the_virtual_pod(space: Space) -> None:
    await space.service_account("builder")
    made = await space.create("pods", pod("p", token_volume(), serviceAccountName="builder"))
    claims = claims_of(token_of(await space.host("pods", "p")))
    assert claims["aud"] == ["vault"]
    assert claims["sub"] == f"system:serviceaccount:{space.namespace}:builder"
    bound_to = {"name": "p", "uid": made["metadata"]["uid"]}
    assert claims["kubernetes.io"]["pod"] == bound_to


async def test_a_token_is_minted_again_when_it_is_due(space: Space) -> None:
    await space.service_account()
    await space.create("pods", pod("p", token_volume(), serviceAccountName="default"))
    await space.running("p")
    host = await space.host("pods", "p")
    refresh_at = float(host["metadata"]["annotations"][REFRESH_AT])
    claims = claims_of(token_of(host))
    assert refresh_at == pytest.approx(claims["iat"] + 0.8 * (claims["exp"] - claims["iat"]), abs=5)
    await space.patch_host("pods", "p", {"metadata": {"annotations": {REFRESH_AT: "1"}}})
    renewed = await space.host("pods", "p", lambda pod: token_of(pod) != token_of(host))
    assert float(renewed["metadata"]["annotations"][REFRESH_AT]) >= refresh_at
    assert claims_of(token_of(renewed))["kubernetes.io"]["pod"]["name"] == "p"


async def test_without_a_service_account_the_pod_waits_for_it(space: Space) -> None:
    await space.create("pods", pod("p", token_volume(), serviceAccountName="later"))
    await space.settled()
    assert await space.see_host("pods", "p") is None
    await space.service_account("later")
    assert token_of(await space.host("pods", "p"))


async def test_tokens_reach_pods_in_a_secret_when_configured(classic: Space) -> None:
    await classic.service_account()
    made = await classic.create("pods", pod("p", token_volume(), serviceAccountName="default"))
    host = await classic.host("pods", "p")
    source = host["spec"]["volumes"][0]["projected"]["sources"][0]["secret"]
    name, [item] = source["name"], source["items"]

    async def value() -> str:
        secret = await classic.world.host.get("secrets", HOST_NAMESPACE, name) or {}
        assert secret["metadata"]["ownerReferences"][0]["uid"] == host["metadata"]["uid"]
        return base64.b64decode(secret["data"][item["key"]]).decode()

    token = await eventually(value)
    assert claims_of(token)["kubernetes.io"]["pod"]["uid"] == made["metadata"]["uid"]
    assert token not in orjson.dumps(host).decode()


async def test_tokens_in_a_secret_are_minted_again_when_due(classic: Space) -> None:
    await classic.service_account()
    await classic.create("pods", pod("p", token_volume(), serviceAccountName="default"))
    host = await classic.host("pods", "p", lambda pod: pod["metadata"]["annotations"][REFRESH_AT])
    name = host["spec"]["volumes"][0]["projected"]["sources"][0]["secret"]["name"]

    async def data() -> Obj:
        secret = await classic.world.host.get("secrets", HOST_NAMESPACE, name) or {}
        return dict(secret["data"])

    first = await eventually(data)
    await classic.patch_host("pods", "p", {"metadata": {"annotations": {REFRESH_AT: "1"}}})

    async def renewed() -> bool:
        return await data() != first

    await eventually(renewed)
