"""Images from another registry: which prefix of an image is replaced, and by what.

An image is compared as it is written and by its full name: `nginx` also as
`docker.io/library/nginx`. What is left of a match begins with `/`, `:` or `@`, or is nothing.
"""

from collections.abc import Iterator, Mapping

_HUB = "docker.io"
_OLD_HUB = "index.docker.io"
_ENDS = "/:@"


def image_rules(given: Mapping[str, str]) -> Mapping[str, str]:
    """The rules as `translate_image` wants them, from those that people write."""
    return {_plain(prefix): target.rstrip("/") for prefix, target in given.items()}


def translate_image(image: str, rules: Mapping[str, str]) -> str:
    """The image with its longest matching prefix replaced: the one that leaves least over."""
    if not rules or not image:
        return image
    rests: dict[str, str] = {}
    for spelling in dict.fromkeys((_full_name(image), image)):
        for end in _prefix_ends(spelling):
            if spelling[:end] in rules:
                rests.setdefault(spelling[:end], spelling[end:])
    if not rests:
        return image
    prefix = min(rests, key=lambda each: len(rests[each]))
    return rules[prefix] + rests[prefix]


def _prefix_ends(image: str) -> Iterator[int]:
    """Where a prefix may end, the whole image first."""
    yield len(image)
    for place in range(len(image) - 1, 0, -1):
        if image[place] in _ENDS:
            yield place


def _full_name(image: str) -> str:
    """As container runtimes take it: with its registry, on Docker Hub also with `library/`."""
    first, slash, rest = image.partition("/")
    named = slash and (first == "localhost" or "." in first or ":" in first)
    if named and first not in (_HUB, _OLD_HUB):
        return image
    path = rest if named else image
    return f"{_HUB}/{path}" if "/" in path else f"{_HUB}/library/{path}"


def _plain(prefix: str) -> str:
    prefix = prefix.rstrip("/")
    first, slash, rest = prefix.partition("/")
    return f"{_HUB}{slash}{rest}" if first == _OLD_HUB else prefix
