"""`python -m watchers --config tohost.yaml`."""

import sys

from watchers.command import main

sys.exit(main(sys.argv[1:]))
