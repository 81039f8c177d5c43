"""What the API server fills in on configurations of admission webhooks, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.pod_defaults import fill
from sandbox.kinds.reasons import required, wrong

Object = dict[str, Any]

_SEGMENTS: Final = 3


def default_webhooks(configuration: Object) -> None:
    for hook in configuration.get("webhooks") or ():
        fill(hook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        fill(hook, namespaceSelector={}, objectSelector={})
        for rule in hook.get("rules") or ():
            fill(rule, scope="*")


def default_mutating_webhooks(configuration: Object) -> None:
    default_webhooks(configuration)
    for hook in configuration.get("webhooks") or ():
        fill(hook, reinvocationPolicy="Never")


def validate_webhooks(configuration: Object) -> Iterator[Cause]:
    for index, hook in enumerate(configuration.get("webhooks") or ()):
        field = f"webhooks[{index}]"
        name = hook.get("name") or ""
        if len(name.split(".")) < _SEGMENTS:
            why = "should be a domain with at least three segments separated by dots"
            yield wrong(f"{field}.name", name, why)
        if not hook.get("admissionReviewVersions"):
            yield required(f"{field}.admissionReviewVersions", "must specify one of v1, v1beta1")
        if hook.get("sideEffects") not in ("None", "NoneOnDryRun"):
            yield required(f"{field}.sideEffects", "must specify one of None, NoneOnDryRun")
        yield from _validate_client(f"{field}.clientConfig", hook.get("clientConfig") or {})


def _validate_client(field: str, config: Object) -> Iterator[Cause]:
    if bool(config.get("url")) == bool(config.get("service")):
        yield required(field, "exactly one of url or service is required")
    elif config.get("url") and not config["url"].startswith("https://"):
        why = "'https' is the only allowed URL scheme; desired format: https://host[/path]"
        yield wrong(f"{field}.url", config["url"], why)
