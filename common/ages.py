"""How long something lasts or lasted, for people."""


def duration(seconds: float) -> str:
    """As kubectl has it: 12s, 4m, 3h, 2d; in the next unit from its double on."""
    for limit, unit, size in ((120, "s", 1), (7200, "m", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{int(seconds / size)}{unit}"
    return f"{int(seconds / 86400)}d"
