"""What Redis answers, as text."""


def text(value: bytes | str) -> str:
    """Redis answers bytes here; its type allows for text."""
    return value.decode() if isinstance(value, bytes) else value
