"""`python -m tune_mc1`."""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 14):  # also in pyproject.toml, where pip reads it
    found = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write("tune_mc1: must be run by Python 3.11 to 3.13, got " + found + "\n")
    sys.exit(2)

from tune_mc1.cli.app import main

if __name__ == "__main__":
    main()
