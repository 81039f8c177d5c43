"""How many examples a law is tried on: few while developing, 200 in CI, EXAMPLES in long runs."""

import os

from hypothesis import settings

_USUAL = "200" if os.environ.get("CI") else "40"
law = settings(max_examples=int(os.environ.get("EXAMPLES", _USUAL)))
