"""`python -m orthrus`."""

import sys

from orthrus.cli import main

if __name__ == "__main__":
    sys.exit(main())
