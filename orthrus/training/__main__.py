"""`python -m orthrus.training`."""

import sys

from orthrus.training.mini.cli import main

if __name__ == "__main__":
    sys.exit(main())
