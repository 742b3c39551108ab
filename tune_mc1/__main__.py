"""`python -m tune_mc1`."""

from tune_mc1.cli import main

if __name__ == "__main__":
    main()
