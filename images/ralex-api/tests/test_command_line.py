"""The commands: exit status, what they print, what they leave behind."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Make, UpstreamServer
from .support.bridge import KEY, OTHER_KEY, ROOT, UPSTREAM_KEY, Bridge
from .support.events import Stream
from .support.services import Postgres, Redis, wait_until
from .support.sql import fetch


def problems(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The problems of the one line on standard error."""
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    listed: list[str] = json.loads(line)["problems"]
    return listed


def test_every_problem_of_the_files_is_told_at_once_with_status_78(make_bridge: Make, tmp_path: Path) -> None:
    bridge = make_bridge(
        {"RALEX_PROT": "8000", "RALEX_API_KEYS_FILE": str(tmp_path / "missing")},
        database_url="mysql://user:canary-password@host/x",
        redis_url="redis://:canary-password@host:70000/0",
        upstreams={"upstreams": [{"name": "a", "kind": "openai", "base_url": "ftp://x"}]},
    )
    done = bridge.run()
    assert done.returncode == 78
    told = problems(done)
    names = ("RALEX_PROT", "RALEX_API_KEYS_FILE", "RALEX_DATABASE_URL_FILE", "RALEX_REDIS_URL_FILE", "base_url must be")
    assert [sum(name in problem.split(";")[0] for problem in told) for name in names] == [1, 1, 1, 1, 1]
    assert b"canary" not in done.stderr


def test_every_problem_of_the_variables_is_told_at_once_with_status_78(make_bridge: Make) -> None:
    environment = {"RALEX_PORT": "0", "RALEX_GRACE_SECONDS": "long", "RALEX_LOG_LEVEL": "loud"}
    done = make_bridge({**environment, "RALEX_READY_REQUIRES": "postgres,mongo"}).run()
    assert done.returncode == 78
    told = " ".join(problems(done))
    assert all(name in told for name in (*environment, "RALEX_READY_REQUIRES"))
    assert "loud" not in told


def test_a_taken_port_is_told_with_status_1(make_bridge: Make) -> None:
    bridge = make_bridge()
    with socket.create_server(("127.0.0.1", bridge.port)):
        done = bridge.run()
    assert done.returncode == 1
    assert f"port {bridge.port}" in problems(done)[0]


def test_migrations_need_only_the_database_run_once_and_may_race(postgres: Postgres, tmp_path: Path) -> None:
    fetch(postgres.url(), "CREATE DATABASE race")
    (tmp_path / "url").write_text(postgres.url("race"))
    environment = {"PATH": "/usr/bin:/bin", "RALEX_DATABASE_URL_FILE": str(tmp_path / "url")}
    command = [sys.executable, "-m", "ralex_bridge", "migrate"]
    racing = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    printed = b"".join(process.communicate(timeout=20)[0] for process in racing)
    assert [process.returncode for process in racing] == [0, 0, 0]
    assert printed.count(b'"applied 0001') == 1
    assert fetch(postgres.url("race"), "SELECT version FROM schema_migrations") == [(1,)]


def migrated(make_bridge: Make, postgres: Postgres, database: str) -> Bridge:
    """A bridge with a new database of its own, at this version's schema."""
    fetch(postgres.url(), f"CREATE DATABASE {database}")
    bridge = make_bridge(database_url=postgres.url(database))
    bridge.run("migrate").check_returncode()
    return bridge


def test_a_migration_refuses_a_changed_history_a_barrier_and_a_wrong_password(
    make_bridge: Make, postgres: Postgres
) -> None:
    bridge = migrated(make_bridge, postgres, "history")
    fetch(postgres.url("history"), "UPDATE schema_migrations SET sha256 = 'other'")
    assert "another form" in bridge.run("migrate").stderr.decode()
    fetch(postgres.url("history"), "INSERT INTO schema_migrations VALUES (99, 'future', '', true)")
    assert "version 99 is marked as a barrier" in bridge.run("migrate").stderr.decode()
    bridge.database_url = postgres.url().replace("ralex:", "ralex:canary")
    refused = bridge.run("migrate")
    assert refused.returncode == 1
    assert b"password" in refused.stderr
    assert b"canary" not in refused.stderr + refused.stdout


def test_the_health_check_is_quick_and_tells_a_running_server_from_none(make_bridge: Make, bridge: Bridge) -> None:
    began = time.perf_counter()
    assert bridge.run("healthcheck").returncode == 0
    assert time.perf_counter() - began < 0.5
    assert bridge.run("healthcheck", "--ready").returncode == 0
    silent = make_bridge().run("healthcheck")
    assert silent.returncode == 1
    assert silent.stderr.decode() == "no answer from /health: ConnectionRefusedError\n"


def test_an_edited_file_changes_the_running_answer_within_two_seconds(make_bridge: Make, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ralex_bridge", tmp_path / "root" / "ralex_bridge")
    bridge = make_bridge(package_root=tmp_path / "root")
    bridge.start("--reload")
    assert bridge.chat().json["choices"][0]["message"]["content"] == "echo: hello"
    source = tmp_path / "root" / "ralex_bridge" / "upstreams" / "echo.py"
    text = source.read_text()
    source.write_text("a syntax error")
    wait_until(lambda: "waiting for a change" in bridge.log.read_text(), 5, "the broken file is noticed")
    began = time.monotonic()
    source.write_text(text.replace('f"echo: ', 'f"edited: '))
    assert bridge.chat().json["choices"][0]["message"]["content"] == "edited: hello"
    assert time.monotonic() - began < 2
    assert bridge.end() == 0


SHOWN = "    import ralex_bridge\n\n    ralex_bridge.__version__ = 'edited'\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("__init__.py", '"0.1.0"', '"edited"'),
        ("standby.py", "    from .commands import run\n", SHOWN + "    from .commands import run\n"),
        ("reload.py", '"-m", "ralex_bridge.standby", str(number)', '"-c", EDITED, str(number)'),
    ],
    ids=["__init__", "standby", "reload"],
)
def test_an_edit_of_what_is_loaded_ahead_shows_too(
    make_bridge: Make, tmp_path: Path, name: str, before: str, after: str
) -> None:
    shutil.copytree(ROOT / "ralex_bridge", tmp_path / "root" / "ralex_bridge")
    bridge = make_bridge(package_root=tmp_path / "root")
    bridge.start("--reload")
    source = tmp_path / "root" / "ralex_bridge" / name
    text = source.read_text()
    assert before in text
    time.sleep(3)  # The next child has loaded by now what it loads ahead.
    source.write_text("a syntax error")
    wait_until(lambda: f"after a change of {name}" in bridge.log.read_text(), 5, "the broken file is noticed")
    edited = "import ralex_bridge; ralex_bridge.__version__ = 'edited'; from ralex_bridge import standby;"
    code = f"EDITED = {edited + ' import sys; standby.main(sys.argv[1])'!r}\n"
    source.write_text(text.replace(before, after) + (code if name == "reload.py" else ""))
    wait_until(lambda: version(bridge) == "edited", 30, "the edit shows")
    assert bridge.chat().status == 200
    assert bridge.end() == 0


def version(bridge: Bridge) -> str:
    """What the bridge says of itself, or nothing while it restarts."""
    try:
        return str(bridge.ask("GET", "/health", key=None, timeout=3).json["version"])
    except OSError:
        return ""


def test_no_key_password_or_prompt_is_ever_logged_or_repeated(
    make_bridge: Make, postgres: Postgres, redis: Redis, upstream: UpstreamServer
) -> None:
    bridge = make_bridge(
        {"RALEX_LOG_LEVEL": "debug", "RALEX_CACHE_TTL_SECONDS": "5"},
        database_url=postgres.url(),
        redis_url=redis.url,
    )
    bridge.upstreams = {"upstreams": [bridge.openai_upstream(upstream.base_url)]}
    bridge.start()
    prompt = "canary-prompt-a8f3"
    bodies = [bridge.chat(prompt, model=model).body for model in ("quick", "refuses-401", "refuses-500", "garbage")]
    bodies += [bridge.chat(key=UPSTREAM_KEY).body, bridge.ask("GET", f"/v1/models?key={KEY}").body]
    bodies += [bridge.ask("GET", path, key=None).body for path in ("/metrics", "/ready", "/health")]
    bodies.append(str(list(Stream(bridge, "garbage").events())).encode())
    assert bridge.end() == 0
    written = bridge.log.read_bytes() + bridge.errors.read_bytes()
    assert b"ralex.access" in written
    passwords = (postgres.url().split(":")[2].split("@")[0], redis.url.split(":")[2].split("@")[0])
    for secret in (KEY, OTHER_KEY, UPSTREAM_KEY, prompt, *passwords):
        assert secret.encode() not in written
        assert secret.encode() not in b"".join(bodies)


def test_an_older_version_leaves_alone_what_a_newer_one_added_unless_it_is_a_barrier(
    make_bridge: Make, postgres: Postgres
) -> None:
    bridge = migrated(make_bridge, postgres, "rolledback")
    fetch(postgres.url("rolledback"), "INSERT INTO schema_migrations VALUES (2, 'future', '', false)")
    done = bridge.run("migrate")
    done.check_returncode()
    assert "the database is at version 2, this image knows 1" in done.stderr.decode() + done.stdout.decode()
    assert fetch(postgres.url("rolledback"), "SELECT count(*) FROM schema_migrations") == [(2,)]
    fetch(postgres.url("rolledback"), "INSERT INTO schema_migrations VALUES (3, 'removal', '', true)")
    assert "version 3 is marked as a barrier" in bridge.run("migrate").stderr.decode()
