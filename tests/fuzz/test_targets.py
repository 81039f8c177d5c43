"""Each target on its seeds and on random bytes: short, as `make fuzz` takes the time."""

import random

import pytest

from tests.fuzz.choices import Choices
from tests.fuzz.targets import TARGETS

RUNS = {"configuration": 60}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_breaks_a_parser(name: str) -> None:
    chance = random.Random(name)
    for _ in range(RUNS.get(name, 600)):
        TARGETS[name](chance.randbytes(chance.randrange(200)))


def test_choices_change_an_object_but_never_the_seed() -> None:
    seed = {"a": {"b": [1, {"c": 2}]}, "d": "e"}
    chance = random.Random(1)
    made = [Choices(chance.randbytes(40)).mutated(seed) for _ in range(50)]
    assert seed == {"a": {"b": [1, {"c": 2}]}, "d": "e"}
    assert sum(each != seed for each in made) > 40
