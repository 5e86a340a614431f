"""The commands, as operators and other programs call them: as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from badgefed.cli import main
from badgefed.store.migrate import migrations
from tests.commands import Commands
from tests.postgresql import Cluster

PROGRAM = Path(sys.executable).parent / "badgefed"


@dataclass(frozen=True, kw_only=True)
class Cli:
    """`badgefed` with a store of its own."""

    commands: Commands
    environment: dict[str, str]

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.commands.run(arguments, environment=self.environment, stdin=stdin)

    def json(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
        parsed: dict[str, Any] = json.loads(done.stdout)
        return parsed


def make_cli(commands: Commands, folder: Path) -> Cli:
    keep = {name: value for name, value in os.environ.items() if not name.startswith("BADGEFED_")}
    return Cli(commands=commands, environment=keep | {"BADGEFED_DATA_DIR": str(folder / "data")})


@pytest.fixture
def cli(commands: Commands, tmp_path: Path) -> Cli:
    return make_cli(commands, tmp_path)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def get(url: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def start(cli: Cli, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([PROGRAM, *arguments], env=cli.environment, stderr=subprocess.PIPE)


def stop(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors.decode()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1].decode()
        try:
            if get(url)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture
def server(cli: Cli, port: int) -> Iterator[str]:
    cli.environment["BADGEFED_BASE_URL"] = f"http://127.0.0.1:{port}"
    process = start(cli, "serve", "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/readyz", process)
    yield f"http://127.0.0.1:{port}"
    stop(process)


def test_the_contract_of_the_making_commands(cli: Cli) -> None:
    user = cli.json(
        "create-user",
        "Ann@example.org",
        "--organization",
        "club",
        "--organization-name",
        "The Club",
        "--password-stdin",
        stdin="a long password\n",
    )
    assert user == {"user": {"id": 1, "email": "ann@example.org"}, "organization": {"id": 1, "slug": "club"}}
    key = cli.json(
        "create-key", "ann@example.org", "--name", "n", "--dialect", "issuers", "--scope", "badges:read"
    )
    assert set(key) == {"key", "prefix"}
    assert key["key"].startswith(key["prefix"])
    issuer = cli.json("create-issuer", "--organization", "club", "--username", "second", "--name", "Second")
    assert (issuer["username"], issuer["actor"]) == ("second", "http://127.0.0.1:8000/actor/second")
    assert set(issuer) == {"id", "uuid", "username", "actor"}
    badge = cli.json(
        "create-badge",
        "--issuer",
        "second",
        "--title",
        "A Badge",
        "--description",
        "d",
        "--criteria",
        "c",
        "--expires-in-days",
        "30",
    )
    assert badge["slug"] == "a-badge"
    assert set(badge) == {"id", "uuid", "slug"}
    edited = cli.json(
        "edit-badge", str(badge["id"]), "--title", "Another", "--alignment", "A=https://a.example/"
    )
    assert edited == {**badge, "version": 2}
    assert cli.json("migrate") == {"version": max(migrations())}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create-user", "nobody", "--organization", "club"), "Invalid email format"),
        (("create-user", "a@b.co", "--organization", "The Club"), "1 to 30"),
        (("create-key", "a@b.co", "--name", "n"), "create-user"),
        (("create-issuer", "--organization", "none", "--username", "u", "--name", "N"), "no organization"),
        (
            ("create-badge", "--issuer", "none", "--title", "T", "--description", "d", "--criteria", "c"),
            "no issuer",
        ),
        (("revoke", "7", "--reason", "r"), "no grant 7"),
        (("suspend", "7", "--reason", "r"), "no grant 7"),
        (("reinstate", "7"), "no grant 7"),
        (("edit-badge", "7", "--title", "T"), "no badge 7"),
    ],
)
def test_errors_are_words_on_standard_error(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    done = cli.run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "7"),
        ("create-user",),
        ("create-key", "a@b.co"),
        ("create-key", "a@b.co", "--name", "n", "--scope", "all"),
        ("revoke-key", "9223372036854775808"),
        ("nonsense",),
        ("serve", "--port", "x"),
    ],
)
def test_wrong_usage_exits_with_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli.run(*arguments).returncode == 2


def test_a_bad_setting_stops_every_command(cli: Cli) -> None:
    cli.environment["BADGEFED_LOG_LEVEL"] = "loud"
    cli.environment["BADGEFED_BASE_ULR"] = "x"
    done = cli.run("migrate")
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 2


def test_a_database_that_is_not_there_is_said_in_words(cli: Cli) -> None:
    cli.environment["BADGEFED_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = cli.run("migrate")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr


def test_the_first_run_prints_what_one_needs(cli: Cli, server: str) -> None:
    printed = cli.run("quickstart").stdout
    assert "owner@example.org" in printed
    curl = printed[printed.index("  curl ") :]
    granted = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, timeout=60, check=True)
    answer = json.loads(granted.stdout)
    assert answer["success"] is True
    assert answer["acceptUrl"].startswith(f"{server}/accept/grant/1/")
    assert "has an organization already" in cli.run("quickstart").stdout


def test_a_mail_becomes_a_file_and_revoking_works_beside_the_server(cli: Cli, server: str) -> None:
    test_the_first_run_prints_what_one_needs(cli, server)
    folder = Path(cli.environment["BADGEFED_DATA_DIR"]) / "mail"
    deadline = time.monotonic() + 20
    while not list(folder.glob("*.eml")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert cli.json("revoke", "1", "--reason", "A test") == {"id": 1, "status": "revoked"}
    assert cli.run("revoke", "1", "--reason", "Again").returncode == 1


def test_health_readiness_and_metrics(server: str) -> None:
    assert get(f"{server}/healthz") == (200, b'{"status":"ok"}')
    status, body = get(f"{server}/readyz")
    assert (status, json.loads(body)["status"]) == (200, "ready")
    _, text = get(f"{server}/metrics")
    for name in (
        "badgefed_requests_total",
        "badgefed_queue",
        "badgefed_inbox",
        "badgefed_deliveries",
        "badgefed_hosts_broken",
    ):
        assert name in text.decode()


def test_serving_ends_in_order_and_logs_no_key(cli: Cli, port: int) -> None:
    process = start(cli, "serve", "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    get(f"http://127.0.0.1:{port}/api/badges?apiKey=verysecret", **{"X-ApiKey": "othersecret"})
    code, errors = stop(process)
    assert code == 0
    assert "secret" not in errors
    assert "path='/api/badges'" in errors
    assert "request_id=" in errors


def test_a_worker_runs_and_ends_in_order(cli: Cli) -> None:
    process = start(cli, "worker")
    assert process.stderr is not None
    first = process.stderr.readline().decode()
    assert "event='working'" in first
    code, errors = stop(process)
    assert code == 0, errors


def test_blocking_and_unblocking(cli: Cli) -> None:
    assert cli.json("block", "spam.example") == {"blocked": "spam.example", "kind": "host"}
    assert cli.json("block", "https://social.example/users/eve")["kind"] == "actor"
    assert cli.json("unblock", "Spam.Example.") == {"unblocked": "Spam.Example.", "kind": "host"}
    for arguments, words in (
        (("unblock", "spam.example"), "not blocked"),
        (("block", "nonsense"), "neither"),
    ):
        done = cli.run(*arguments)
        assert done.returncode == 1
        assert words in done.stderr


def test_the_whole_on_postgresql(cli: Cli, cluster: Cluster) -> None:
    cluster.sql("CREATE DATABASE cli")
    cli.environment["BADGEFED_DATABASE_URL"] = cluster.url("cli")
    assert "owner@example.org" in cli.run("quickstart").stdout


def test_every_command_is_documented() -> None:
    documented = (Path(__file__).parents[1] / "docs" / "commands.md").read_text()
    assert [name for name in main.commands if f"badgefed {name}" not in documented] == []
