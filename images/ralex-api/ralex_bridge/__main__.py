"""The command line: ``python -m ralex_bridge [serve|migrate|healthcheck|upstreams] [--reload]``."""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Runs one command; returns the exit status."""
    if arguments[:1] == ["healthcheck"]:
        # Before anything else is imported: it runs every few seconds beside the server.
        from .healthcheck import check

        return check("/ready" if "--ready" in arguments else "/health")
    from .commands import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
