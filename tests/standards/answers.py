"""What Kubernetes' admission said of the single cases: which controls each of them breaks."""

from pathlib import Path

import orjson

from common.pod.security.standards import STANDARDS, control_names

Answers = dict[str, list[str]]
_FILE = Path(__file__).with_name("answers.json")
_NAMES = sorted({name for standard in STANDARDS for name in control_names(standard)})


def recorded() -> dict[str, Answers]:
    """By the name of a case, then by standard."""
    found: dict[str, Answers] = orjson.loads(_FILE.read_bytes())
    return found


def write(answers: dict[str, Answers]) -> None:
    lines = (f"{_text(name)}: {_text(each)}" for name, each in sorted(answers.items()))
    _FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def as_control_names(message: str) -> list[str]:
    """The controls that a refusal of the admission names, each with what breaks it in brackets."""
    message = message.replace("AppArmor profiles (", "AppArmor profile (")
    named = [name for name in _NAMES if f"{name} (" in message]
    told = message.partition('": ')[2]
    assert named, told
    return named


def _text(value: object) -> str:
    return orjson.dumps(value).decode()
