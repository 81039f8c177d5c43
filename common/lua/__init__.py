"""The Lua scripts that Redis runs for us. Each says at its top what it takes and answers."""

from importlib.resources import files


def source(*parts: str) -> str:
    """One script of several files, without comments: most scripts are sent whole with each call, as
    that costs less than a round trip to learn whether a restarted Redis still has them."""
    texts = ((files(__name__) / f"{part}.lua").read_text() for part in parts)
    lines = (line.strip() for text in texts for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))
