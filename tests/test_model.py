from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid, SettingsError
from badgefed.model.addresses import Addresses
from badgefed.model.grant import MOVES, Status, sources
from badgefed.model.identifiers import new_credential_code, new_note_id, new_uuid
from badgefed.model.issuer import check_username
from badgefed.model.recipient import check_email, email_alias, parse_handle, profile_alias
from badgefed.model.times import SECOND, format_milliseconds, format_rfc3339, from_datetime, to_datetime
from badgefed.model.visibility import Surface, Visibility, is_visible
from badgefed.protocol.passwords import check_password, hash_password
from badgefed.protocol.sealing import derive_token, seal, tokens_match, unseal
from tests.world import START


@pytest.mark.parametrize(
    "profile",
    [
        "@Ann@social.example",
        "acct:ann@Social.Example",
        "https://social.example/@ann",
        "https://social.example/users/ann",
        "https://SOCIAL.example/users/Ann/",
        "HTTPS://social.example/@ann#me",
    ],
)
def test_forms_of_one_profile_have_one_alias(profile: str) -> None:
    assert profile_alias(profile) == "acct:ann@social.example"


@pytest.mark.parametrize(
    ("profile", "alias"),
    [
        ("https://social.example/ap/users/123", "https://social.example/ap/users/123"),
        ("https://blog.example/?author=1", "https://blog.example/?author=1"),
        ("https://a.example/users/ann/x", "https://a.example/users/ann/x"),
        ("http://127.0.0.1:7801/users/alice", "acct:alice@127.0.0.1:7801"),
    ],
)
def test_other_profiles_keep_their_url(profile: str, alias: str) -> None:
    assert profile_alias(profile) == alias


@pytest.mark.parametrize(
    "text", ["ann@social.example", "@ann", "@@social.example", "https://a/@b@c", "@a b@c.example", ""]
)
def test_what_is_no_handle(text: str) -> None:
    assert parse_handle(text) is None


def test_an_address_is_compared_in_lower_case() -> None:
    assert email_alias("Ann@Example.org") == email_alias("ann@example.ORG")


@pytest.mark.parametrize("email", ["ann@example.org", "o'hara+x@sub.example.org", "a@b.co"])
def test_good_addresses(email: str) -> None:
    assert check_email(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "a b@example.org",
        "ann@example",
        "a@b.co\r\nBcc: x@y.zz",
        "a" * 65 + "@b.co",
        "<a@b.co>",
    ],
)
def test_bad_addresses(email: str) -> None:
    with pytest.raises(Invalid, match="Invalid email format"):
        check_email(email)


@pytest.mark.parametrize("username", ["", "Ann", "a.b", "a-b", "ä", "a" * 31, "actor", "admin"])
def test_bad_usernames(username: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_username(username)
    assert caught.value.field == "username"


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(Status)
    assert sources(Status.ACCEPTED) == (Status.PENDING,)
    assert sources(Status.PROCESSED) == (Status.ACCEPTED,)
    assert set(sources(Status.REVOKED)) == {
        Status.PENDING,
        Status.ACCEPTED,
        Status.PROCESSED,
        Status.DECLINED,
    }
    assert sources(Status.PENDING) == ()


@pytest.mark.parametrize(
    ("visibility", "listing", "link"),
    [(Visibility.PUBLIC, True, True), (Visibility.UNLISTED, False, True), (Visibility.PRIVATE, False, False)],
)
def test_who_sees_what(visibility: Visibility, listing: bool, link: bool) -> None:
    assert is_visible(visibility, Surface.LISTING) is listing
    assert is_visible(visibility, Surface.LINK) is link


def test_uuids_are_version_7_and_sort_by_time() -> None:
    early, late = new_uuid(START), new_uuid(START + SECOND)
    assert uuid.UUID(early).version == 7
    assert uuid.UUID(early).variant == uuid.RFC_4122
    assert early < late
    assert new_uuid(START) != new_uuid(START)


def test_codes_and_note_ids() -> None:
    code = new_credential_code()
    assert len(code) == 12
    assert not set(code.removeprefix("CRD-")) & set("01IO")
    assert len(new_note_id()) == 32


def test_times() -> None:
    assert format_rfc3339(START + 999_999) == "2026-05-28T20:26:40Z"
    assert format_milliseconds(START + 12_345) == "2026-05-28T20:26:40.012Z"


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000))
def test_instants_survive_the_way_through_datetime(instant: int) -> None:
    assert from_datetime(to_datetime(instant)) == instant


def test_addresses() -> None:
    addresses = Addresses(base="http://127.0.0.1:8000")
    assert addresses.host == "127.0.0.1:8000"
    assert addresses.did("org") == "did:web:127.0.0.1%3A8000:issuers:org"
    assert addresses.hashtag("Open Badges") == "http://127.0.0.1:8000/tags/open%20badges"


KEY = "k" * 32


def test_what_is_sealed_opens_with_the_same_key_and_purpose_only() -> None:
    sealed = seal(KEY, purpose="p", plaintext=b"private")
    assert b"private" not in sealed
    assert unseal(KEY, purpose="p", sealed=sealed) == b"private"
    for secret, purpose in (("x" * 32, "p"), (KEY, "q")):
        with pytest.raises(SettingsError, match="BADGEFED_SECRET_KEY"):
            unseal(secret, purpose=purpose, sealed=sealed)


def test_tokens_depend_on_key_purpose_and_subject() -> None:
    token = derive_token(KEY, purpose="p", subject="s")
    assert token == derive_token(KEY, purpose="p", subject="s")
    others = [
        derive_token("x" * 32, purpose="p", subject="s"),
        derive_token(KEY, purpose="q", subject="s"),
        derive_token(KEY, purpose="p", subject="t"),
    ]
    assert len({token, *others}) == 4
    assert tokens_match(token, token)
    assert not tokens_match("ä", token)


def test_passwords_are_hashed_with_argon2id() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    with pytest.raises(Invalid, match="10 to 200"):
        check_password("short")
