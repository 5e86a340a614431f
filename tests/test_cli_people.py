"""The commands about people, organizations and keys, and the first start of a server."""

from __future__ import annotations

import http.client
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import Commands
from tests.test_cli import PROGRAM, Cli, cli, get, make_cli, port, start, stop, wait_for

__all__ = ["cli", "port"]


def make_ann(cli: Cli) -> None:
    cli.json("create-user", "ann@example.org", "--organization", "club")


def test_people_and_organizations(cli: Cli) -> None:
    make_ann(cli)
    ann = {"id": 1, "email": "ann@example.org"}
    club = {"id": 1, "slug": "club"}
    assert cli.json("deactivate-user", "Ann@example.org") == {"user": ann, "active": False}
    assert cli.run("deactivate-user", "ann@example.org").returncode == 1
    assert cli.json("reactivate-user", "ann@example.org") == {"user": ann, "active": True}
    assert cli.json("set-operator", "ann@example.org") == {"user": ann, "operator": True}
    assert cli.json("set-operator", "ann@example.org", "--off") == {"user": ann, "operator": False}
    cli.json("create-user", "ben@example.org", "--organization", "club", "--role", "viewer")
    role = cli.json("set-role", "ben@example.org", "--organization", "club", "--role", "owner")
    assert role == {"user": {"id": 2, "email": "ben@example.org"}, "organization": club, "role": "owner"}
    changed = cli.json("set-organization", "club", "--status", "suspended", "--plan", "pro")
    assert changed == {"organization": club, "status": "suspended", "plan": "pro"}
    assert cli.json("set-organization", "club", "--plan", "")["plan"] is None


def test_a_key_is_made_listed_and_revoked(cli: Cli) -> None:
    """For the organization that is named, with what its maker's role covers there."""
    make_ann(cli)
    cli.json("create-user", "ann@example.org", "--organization", "choir", "--role", "issuer")
    wanted = ("create-key", "ann@example.org", "--name", "mine", "--organization", "choir")
    key = cli.json(*wanted, "--expires-in-days", "30")
    listed = cli.json("list-keys", "--organization", "choir")["keys"]
    expires = datetime.fromisoformat(listed[0].pop("expires"))
    assert timedelta(days=29) < expires - datetime.now(UTC) <= timedelta(days=30)
    assert listed == [
        {
            "id": 1,
            "name": "mine",
            "prefix": key["prefix"],
            "last4": key["key"][-4:],
            "scopes": ["badges:read", "badges:write", "grants:read", "grants:write", "issuers:read"],
            "lastUsed": None,
        }
    ]
    refused = cli.run(*wanted, "--scope", "webhooks:write")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "their role does not cover webhooks:write" in refused.stderr
    assert cli.json("revoke-key", "1") == {"id": 1, "name": "mine", "revoked": True}
    assert cli.json("list-keys", "--organization", "choir") == {"keys": []}
    assert "no key 1 that works; `badgefed list-keys`" in cli.run("revoke-key", "1").stderr


def test_an_issuer_gets_new_keys(cli: Cli, tmp_path: Path) -> None:
    make_ann(cli)
    with closing(sqlite3.connect(tmp_path / "data" / "badgefed.db")) as database, database:
        database.execute("UPDATE signing_keys SET created_at = created_at - 3600000000")
    assert cli.json("rotate-keys", "club") == {"id": 1, "username": "club", "number": 2}


@pytest.fixture(scope="module")
def club(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """With Ann, for commands that change nothing."""
    made = make_cli(commands, tmp_path_factory.mktemp("club"))
    make_ann(made)
    return made


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("deactivate-user", "no@example.org"), "no user"),
        (("set-role", "ann@example.org", "--organization", "club", "--role", "viewer"), "needs an owner"),
        (("set-role", "no@example.org", "--organization", "club", "--role", "viewer"), "no user"),
        (("set-role", "ann@example.org", "--organization", "no", "--role", "viewer"), "no organization"),
        (("set-organization", "no"), "no organization"),
        (("verify-domain", "no", "a.example"), "no organization"),
        (("verify-domain", "club", "nonsense"), "a name like"),
        (("list-keys", "--organization", "no"), "no organization"),
        (("create-key", "ann@example.org", "--name", "n", "--organization", "no"), "not belong to no"),
        (("create-key", "ann@example.org", "--name", " "), "Say what the key is for"),
        (("rotate-keys", "no"), "no issuer 'no'"),
        (("rotate-keys", "club"), "less than an hour old"),
        (("set-up-link",), "users already"),
    ],
)
def test_refusals_are_words(club: Cli, arguments: tuple[str, ...], words: str) -> None:
    done = club.run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


def test_the_first_start_prints_the_set_up_link_to_the_console_and_not_to_the_log(
    cli: Cli, port: int
) -> None:
    cli.environment["BADGEFED_BASE_URL"] = f"http://127.0.0.1:{port}"
    url = cli.json("set-up-link")["url"]
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port)],
        env=cli.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    status, body = get(url)
    assert status == 200
    assert b"Set up this server" in body
    process.terminate()
    printed, logged = process.communicate(timeout=30)
    assert url in printed.decode()
    assert url.rpartition("/")[2] not in logged.decode()
    make_ann(cli)
    again = start(cli, "serve", "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/healthz", again)
    assert b"leads nowhere" not in get(f"http://127.0.0.1:{port}/console/sign-in")[1]
    code, _ = stop(again)
    assert code == 0


def test_without_tls_the_cookies_have_plain_names(cli: Cli, port: int) -> None:
    process = start(cli, "serve", "--port", str(port))
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/console/sign-in")
    cookie = connection.getresponse().getheader("set-cookie") or ""
    connection.close()
    stop(process)
    assert cookie.startswith("badgefed-visit=")
    assert "Secure" not in cookie
