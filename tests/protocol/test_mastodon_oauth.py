"""What other servers say about their sign-in, and what is made of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from badgefed.errors import Invalid
from badgefed.protocol import mastodon_oauth
from badgefed.protocol.mastodon_oauth import Account, Registration

ORIGIN = "https://social.example"
AMARA = "https://social.example/users/amara"


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert mastodon_oauth.code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("endpoint", [f"{ORIGIN}/oauth/authorize", f"{ORIGIN}/oauth?realm=a"])
def test_the_way_to_the_server_carries_everything(endpoint: str) -> None:
    url = mastodon_oauth.authorization_url(
        endpoint,
        client_id="c&d",
        redirect_uri="https://badges.example/sign-in",
        scope="read:accounts",
        state="s",
        verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )
    assert url.startswith(endpoint)
    assert (
        dict(parse_qsl(urlsplit(url).query)).items()
        >= {
            "response_type": "code",
            "client_id": "c&d",
            "redirect_uri": "https://badges.example/sign-in",
            "scope": "read:accounts",
            "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }.items()
    )


@pytest.mark.parametrize(
    ("offered", "scopes"),
    [
        (["write", "read:accounts", "profile"], ("profile", "read:accounts")),
        (["read"], ("read",)),
        (["follow"], ("read:accounts", "read")),
        ("profile", ("read:accounts", "read")),
        (None, ("read:accounts", "read")),
    ],
)
def test_the_narrowest_scope_comes_first(offered: object, scopes: tuple[str, ...]) -> None:
    document = {"issuer": ORIGIN, "scopes_supported": offered}
    assert mastodon_oauth.read_metadata(document, ORIGIN).scopes == scopes


def test_a_door_that_is_not_named_is_where_mastodon_has_it() -> None:
    server = mastodon_oauth.read_metadata({"issuer": f"{ORIGIN}/"}, ORIGIN)
    assert (server.token_endpoint, server.userinfo_endpoint) == (f"{ORIGIN}/oauth/token", None)


@pytest.mark.parametrize(
    ("issuer", "is_same"),
    [
        ("https://social.example", True),
        ("https://social.example/", True),
        ("https://social.example.", False),
        ("https://social.example/a", False),
        ("http://social.example", False),
        ("", False),
    ],
)
def test_an_issuer_is_compared_to_the_letter_but_for_a_slash(issuer: str, is_same: bool) -> None:
    assert mastodon_oauth.is_issuer(issuer, f"{ORIGIN}/") is is_same


@pytest.mark.parametrize(
    ("expires_at", "kept"),
    [(0, None), (2_000_000_000, 2_000_000_000), (True, None), (10**15, None), ("9", None)],
)
def test_a_secret_may_expire(expires_at: object, kept: int | None) -> None:
    document = {"client_id": "c", "client_secret": "s", "client_secret_expires_at": expires_at}
    expected = Registration(client_id="c", client_secret="s", expires_at=kept)
    assert mastodon_oauth.read_registration(document) == expected


@pytest.mark.parametrize("secret", [None, "", "a b", "a\n", "é", "x" * 5000, 7])
def test_a_secret_that_could_not_stand_in_a_header_is_none(secret: object) -> None:
    with pytest.raises(Invalid):
        mastodon_oauth.read_registration({"client_id": "c", "client_secret": secret})
    with pytest.raises(Invalid):
        mastodon_oauth.read_token({"access_token": secret, "token_type": "Bearer"})


@pytest.mark.parametrize(
    ("document", "account"),
    [
        ({"uri": AMARA, "username": "amara"}, Account(actor_id=AMARA, username="amara")),
        ({"username": "amara", "acct": "amara"}, Account(actor_id=None, username="amara")),
        ({"pleroma": {"ap_id": AMARA}}, Account(actor_id=AMARA, username=None)),
        ({"uri": "javascript:1", "username": "a@b"}, Account(actor_id=None, username=None)),
        ({"uri": f" {AMARA}", "username": "a/b"}, Account(actor_id=None, username=None)),
        ({"uri": 7, "username": []}, Account(actor_id=None, username=None)),
        ({"acct": "amara@bank.example"}, Account(actor_id=None, username=None)),
    ],
)
def test_an_account_says_who_it_is(document: dict[str, Any], account: Account) -> None:
    assert mastodon_oauth.read_account(document) == account


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        (
            {"error": "invalid_grant", "error_description": "Too  late.\r\nSorry"},
            "invalid_grant",
            "Too late. Sorry",
        ),
        ({"error": "Your login is disabled"}, "", "Your login is disabled"),
        ({"error": 7, "error_description": []}, "", ""),
        ({"error": "e", "error_description": "x" * 500}, "e", "x" * 200),
        ({}, "", ""),
    ],
)
def test_a_refusal_is_fit_to_be_shown(members: dict[str, Any], code: str, words: str) -> None:
    refusal = mastodon_oauth.read_refusal(members)
    assert (refusal.code, refusal.words) == (code, words)
