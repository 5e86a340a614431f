"""The commands about people, organizations and keys, and the first start of a server."""

from __future__ import annotations

import http.client
import subprocess

import pytest

from tests.test_cli import PROGRAM, Cli, cli, get, port, start, stop, wait_for

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


def test_keys_are_listed_and_revoked(cli: Cli) -> None:
    make_ann(cli)
    key = cli.json("create-key", "ann@example.org", "--name", "mine", "--scope", "badges:read")
    listed = cli.json("list-keys", "--organization", "club")["keys"]
    assert listed == [
        {
            "id": 1,
            "name": "mine",
            "prefix": key["prefix"],
            "scopes": ["badges:read"],
            "lastUsed": None,
        }
    ]
    assert cli.json("revoke-key", "1") == {"id": 1, "name": "mine", "revoked": True}
    assert cli.json("list-keys", "--organization", "club") == {"keys": []}
    assert cli.run("revoke-key", "1").returncode == 1


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
        (("set-up-link",), "users already"),
    ],
)
def test_refusals_are_words(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    make_ann(cli)
    done = cli.run(*arguments)
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
