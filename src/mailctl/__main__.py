"""Runs the command line as `python -m mailctl`."""

from mailctl.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
