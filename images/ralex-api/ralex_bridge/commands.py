"""What the command line does, and how its failures are told."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from typing import TYPE_CHECKING

import orjson

from .settings import EXIT_CONFIGURATION, ConfigurationError, load, load_database_url

if TYPE_CHECKING:
    from .settings import Configuration

END_SECONDS_BEYOND_GRACE = 5.0
"""As much as the orchestrator allows for the last usage records."""


def run(arguments: list[str]) -> int:
    """Runs one command; returns the exit status: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration."""
    parser = argparse.ArgumentParser(
        prog="python -m ralex_bridge",
        description="The Ralex API. Settings are the RALEX_* environment variables and the files that they name.",
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=("serve", "migrate", "healthcheck", "upstreams"),
        help="serve (the default); migrate: bring the database to this version's schema;"
        " healthcheck [--ready]: exit 0 if the server on this machine answers;"
        " upstreams: ask each upstream for its models and print what came of it as JSON",
    )
    parser.add_argument("--reload", action="store_true", help="restart when a file of the package changes")
    parser.add_argument("--socket", type=int, metavar="N", help="serve on an inherited listening socket")
    options = parser.parse_args(arguments)
    try:
        if options.command == "migrate":
            return _migrate()
        configuration = load()
    except ConfigurationError as error:
        return _fail(EXIT_CONFIGURATION, "the configuration is wrong", error.problems)
    if options.command == "upstreams":
        return _report_upstreams(configuration)
    return _serve(configuration, options.reload, options.socket)


def _serve(configuration: Configuration, reload: bool, inherited: int | None) -> int:
    from . import logs

    settings = configuration.settings
    logs.configure(settings.log_level)
    try:
        if inherited is not None:
            listener = socket.socket(fileno=inherited)
        else:
            family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
            listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        problem = f"{settings.host} port {settings.port}: {error.strerror}"
        return _fail(1, "cannot listen", [problem, "choose another RALEX_HOST or RALEX_PORT"])
    if reload:
        from .reload import Reloader

        return Reloader(listener, settings.grace_seconds + END_SECONDS_BEYOND_GRACE).run()
    from .serve import serve

    serve(configuration, listener)
    return 0


def _report_upstreams(configuration: Configuration) -> int:
    from .upstream_report import report

    async def show() -> None:
        sys.stdout.write(orjson.dumps(await report(configuration)).decode() + "\n")
        sys.stdout.flush()
        # The loop's end would wait for a name that a thread still looks up, as long as the resolver takes.
        os._exit(0)

    asyncio.run(show())
    return 0


def _migrate() -> int:
    from . import logs
    from .migrate import MigrationError, log, migrate

    url = load_database_url()
    logs.configure("info")
    try:
        applied = asyncio.run(migrate(url.get_secret_value()))
    except MigrationError as error:
        return _fail(1, "the database was not migrated", [str(error)])
    log.info("the schema is current; %d migration(s) applied", applied)
    return 0


def _fail(status: int, message: str, problems: list[str]) -> int:
    """One JSON line on standard error, in the shape of a log line."""
    line = {"level": "error", "logger": "ralex.start", "message": message, "problems": problems}
    sys.stderr.write(orjson.dumps(line).decode() + "\n")
    return status
