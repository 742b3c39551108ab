"""`python -m tune_mc1`."""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 14):  # as in pyproject.toml, for pip
    found = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write("tune_mc1: requires Python 3.11 to 3.13, got " + found + "\n")
    sys.exit(2)

try:
    from tune_mc1.cli.app import main
except KeyboardInterrupt:  # Ctrl-C while it still imports: no traceback
    sys.exit(130)

if __name__ == "__main__":
    main()
