"""`python -m workers`."""

import sys

from workers.command import main

sys.exit(main(sys.argv[1:]))
