"""`python -m sandbox --dir DIR`"""

from __future__ import annotations

import sys

from sandbox.command import main

sys.exit(main(sys.argv[1:]))
