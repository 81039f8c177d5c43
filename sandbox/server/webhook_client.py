"""Asks admission webhooks over https, as the API server's client."""

from __future__ import annotations

import asyncio
import base64
import ssl
import uuid
from functools import cache
from typing import Any, Final

import aiohttp
import orjson

from sandbox.verbs.webhooks import Answer, Question

Object = dict[str, Any]

_VERSION: Final = "admission.k8s.io/v1"
_BY_URL_ONLY: Final = "the sandbox has no network of services: use clientConfig.url"


class WebhookClient:
    """Connects when it is first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def ask(self, questions: list[Question], answers: dict[Any, Any]) -> None:
        """Asks all at once; `answers` gets theirs by the questions' keys."""
        told = await asyncio.gather(*(self._answer(question) for question in questions))
        for question, answer in zip(questions, told, strict=True):
            answers[question.key] = answer

    async def _answer(self, question: Question) -> Answer:
        config, uid = question.hook["clientConfig"], str(uuid.uuid4())
        if not config.get("url"):
            return Answer({}, f"failed to call webhook: {_BY_URL_ONLY}")
        timeout_s = question.hook["timeoutSeconds"]
        url = f"{config['url']}?timeout={timeout_s}s"
        review = {"kind": "AdmissionReview", "apiVersion": _VERSION}
        body = orjson.dumps(review | {"request": {"uid": uid} | question.review})
        try:
            answered = await self._post(url, body, config.get("caBundle", ""), timeout_s)
        except TimeoutError:
            failure = "context deadline exceeded"
        except (aiohttp.ClientError, ssl.SSLError, ValueError) as error:
            failure = str(error)
        else:
            return _checked(answered, uid)
        return Answer({}, f'failed to call webhook: Post "{url}": {failure}')

    async def _post(self, url: str, body: bytes, bundle: str, timeout_s: int) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(
            url,
            data=body,
            headers={"Content-Type": "application/json"},
            ssl=_trust(bundle),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        ) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            return orjson.loads(await response.read())


def _checked(review: Any, uid: str) -> Answer:
    response = review.get("response") if isinstance(review, dict) else None
    if not isinstance(response, dict) or review.get("apiVersion") != _VERSION:
        why = f"expected webhook response of {_VERSION}, Kind=AdmissionReview"
    elif response.get("uid") != uid:
        why = f'expected response.uid="{uid}", got "{response.get("uid")}"'
    elif response.get("patch") and response.get("patchType") != "JSONPatch":
        why = f'invalid webhook response patch type: "{response.get("patchType", "")}"'
    else:
        return Answer(response)
    return Answer({}, f"received invalid webhook response: {why}")


@cache
def _trust(bundle: str) -> ssl.SSLContext:
    """`bundle` is PEM in base64; without one the system's certificates are trusted."""
    return ssl.create_default_context(cadata=base64.b64decode(bundle).decode() or None)
