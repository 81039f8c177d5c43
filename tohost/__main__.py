"""`python -m tohost`, for where the console script is not installed."""

import sys

from tohost.cli import main

sys.exit(main())
