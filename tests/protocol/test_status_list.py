"""Bitstring status lists: the encoding against published lists, and everything that a list or an entry may get wrong."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgefed.errors import BadgefedError, CannotCheck, Invalid, TooLarge, Unprocessable
from badgefed.model.times import SECOND
from badgefed.protocol import jsonld, status_list
from badgefed.protocol.status_list import StatusEntry
from tests.protocol.bombs import GIGABYTE, at_most, deflated_zeros
from tests.protocol.samples import read_sample

URL = "https://badges.example/status-lists/1"
DID = "did:web:badges.example:issuers:makers"


def positions_of(bits: bytes) -> set[int]:
    """Read in the plainest way: all bits as one text of 0 and 1, the first at the left."""
    text = bin(int.from_bytes(b"\1" + bits, "big"))[3:]
    return {position for position, digit in enumerate(text) if digit == "1"}


@settings(max_examples=25)
@given(st.sets(st.integers(0, status_list.MIN_LENGTH - 1), max_size=50))
def test_round_trip(positions: set[int]) -> None:
    bits = status_list.decode(status_list.encode(positions))
    assert positions_of(bits) == positions
    for position in {0, 7, 8, status_list.MIN_LENGTH - 1, *positions}:
        assert status_list.is_set(bits, position) == (position in positions)


def test_the_first_bit_is_the_highest_of_the_first_byte() -> None:
    encoded = status_list.encode([0, 9])
    packed = base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
    assert encoded[0] == "u"
    assert gzip.decompress(packed) == b"\x80\x40" + bytes(16_382)


def test_encoding_is_deterministic() -> None:
    assert status_list.encode([5, 1, 70_000, 1]) == status_list.encode({1, 5, 70_000})


def test_longer_lists() -> None:
    bits = status_list.decode(status_list.encode([999_999], length=1_000_000))
    assert len(bits) == 125_000
    assert positions_of(bits) == {999_999}


@pytest.mark.parametrize(
    ("positions", "length"), [([131_072], 131_072), ([-1], 131_072), ([], 131_064), ([], 131_073)]
)
def test_lists_that_are_not_made(positions: list[int], length: int) -> None:
    with pytest.raises(Invalid):
        status_list.encode(positions, length=length)


@pytest.mark.parametrize(
    ("name", "positions"),
    [
        ("ob3/status-1.json", {5}),
        ("ob3py/status-1.json", {5, 7}),
        ("1edtech/ob30/bit-string-list/testlist", {23}),
    ],
)
def test_published_lists(name: str, positions: set[int]) -> None:
    credential = json.loads(read_sample(name))
    issuer = credential["issuer"]
    encoded = status_list.check_list(credential, issuer=issuer, purpose="revocation")
    assert positions_of(status_list.decode(encoded)) == positions


@pytest.mark.parametrize(
    ("badge", "status", "revoked"),
    [
        ("ob3/web-valid.json", "ob3/status-1.json", False),
        ("ob3/web-revoked.json", "ob3/status-1.json", True),
        ("ob3py/valid.json", "ob3py/status-1.json", False),
        ("ob3py/revoked.json", "ob3py/status-1.json", True),
        (
            "1edtech/ob30/bit-string-list/credential-status-revoked.json",
            "1edtech/ob30/bit-string-list/testlist",
            True,
        ),
    ],
)
def test_published_badges(badge: str, status: str, revoked: bool) -> None:
    credential, listed = json.loads(read_sample(badge)), json.loads(read_sample(status))
    entry = status_list.read_entry(credential["credentialStatus"])
    issuer = credential["issuer"]["id"]
    assert status_list.read_status(listed, entry, issuer=issuer) is revoked


def without_prefix(encoded: str) -> str:
    return encoded[1:]


def in_standard_base64(encoded: str) -> str:
    text = encoded[1:].replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)


@pytest.mark.parametrize("spelling", [without_prefix, in_standard_base64])
def test_the_older_spellings(spelling: Any) -> None:
    assert positions_of(status_list.decode(spelling(status_list.encode([3, 100_000])))) == {3, 100_000}


def multibase(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


PACKED = gzip.compress(bytes(16_384))

DAMAGED = {
    "empty": "",
    "prefix alone": "u",
    "not base64": "u!!!!",
    "padding after a prefix": multibase(PACKED[:-1]) + "=",
    "base58": "z" + multibase(PACKED)[1:],
    "impossible length": "uAAAAA",
    "not ASCII": "uÄÄÄÄ",
    "no gzip": multibase(bytes(100)),
    "cut off": multibase(PACKED[:-9]),
    "wrong checksum": multibase(PACKED[:-8] + bytes(8)),
    "something behind": multibase(PACKED + b"x"),
    "two of them": multibase(PACKED + PACKED),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_lists(name: str) -> None:
    with pytest.raises(Invalid):
        status_list.decode(DAMAGED[name])


def test_bombs_are_not_inflated() -> None:
    bomb = multibase(deflated_zeros(GIGABYTE, wbits=31))
    with at_most(32), pytest.raises(TooLarge):
        status_list.decode(bomb)
    with pytest.raises(TooLarge):
        status_list.decode(status_list.encode([]), max_bytes=16_383)
    assert len(status_list.decode(status_list.encode([]), max_bytes=16_384)) == 16_384


def test_texts_that_are_too_long_are_not_even_decoded() -> None:
    with pytest.raises(TooLarge):
        status_list.decode("u" + "A" * 2 * status_list.MAX_BYTES)


@given(st.text(max_size=50) | st.binary(max_size=50).map(multibase))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        status_list.decode(text)
    except BadgefedError:
        return


@pytest.mark.parametrize("index", [-1, 131_072, 10**12])
def test_indices_outside_of_the_list(index: int) -> None:
    with pytest.raises(Unprocessable, match="131072 entries"):
        status_list.is_set(bytes(16_384), index)


ENTRY = status_list.status_entry(URL, 94_567)


def test_our_entry() -> None:
    assert {
        "id": f"{URL}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": URL,
    } == ENTRY
    assert status_list.read_entry(ENTRY) == StatusEntry(
        id=f"{URL}#94567", purpose="revocation", index=94_567, list_url=URL
    )


READABLE: dict[str, dict[str, Any]] = {
    "older type": {"type": "StatusList2021Entry"},
    "types": {"type": ["Status", "BitstringStatusListEntry"]},
    "number as index": {"statusListIndex": 94_567},
    "zeros in front": {"statusListIndex": "094567"},
    "size of one bit": {"statusSize": 1},
}


@pytest.mark.parametrize("name", READABLE)
def test_entries_of_others(name: str) -> None:
    entry = status_list.read_entry({**ENTRY, **READABLE[name]})
    assert (entry.index, entry.list_url) == (94_567, URL)


def test_an_entry_needs_no_id() -> None:
    nameless = {name: value for name, value in ENTRY.items() if name != "id"}
    assert status_list.read_entry(nameless).id is None


UNREADABLE: dict[str, tuple[dict[str, Any], type[BadgefedError], str]] = {
    "other type": ({"type": "1EdTechRevocationList"}, CannotCheck, "1EdTechRevocationList"),
    "no type": ({"type": None}, CannotCheck, "None"),
    "messages": ({"statusSize": 2}, CannotCheck, "statusSize 2"),
    "size zero": ({"statusSize": 0}, CannotCheck, "statusSize"),
    "size true": ({"statusSize": True}, CannotCheck, "statusSize"),
    "list in a DID": ({"statusListCredential": "did:web:a.example"}, CannotCheck, "not on the web"),
    "list in the text": ({"statusListCredential": "data:text/plain,x"}, CannotCheck, "not on the web"),
    "list in a file": ({"statusListCredential": "file:///etc/passwd"}, CannotCheck, "not on the web"),
    "no list": ({"statusListCredential": None}, Invalid, "statusListCredential"),
    "no purpose": ({"statusPurpose": None}, Invalid, "statusPurpose"),
    "purposes": ({"statusPurpose": ["revocation"]}, Invalid, "statusPurpose"),
    "id is a number": ({"id": 1}, Invalid, "id"),
    "no index": ({"statusListIndex": None}, Invalid, "decimal"),
    "negative": ({"statusListIndex": "-1"}, Invalid, "decimal"),
    "negative number": ({"statusListIndex": -1}, Invalid, "decimal"),
    "hexadecimal": ({"statusListIndex": "0x10"}, Invalid, "decimal"),
    "fraction": ({"statusListIndex": 1.5}, Invalid, "decimal"),
    "exponent": ({"statusListIndex": "1e3"}, Invalid, "decimal"),
    "truth": ({"statusListIndex": True}, Invalid, "decimal"),
    "other digits": ({"statusListIndex": "١٢"}, Invalid, "decimal"),
    "blank": ({"statusListIndex": " 1"}, Invalid, "decimal"),
    "line break": ({"statusListIndex": "1\n"}, Invalid, "decimal"),
    "empty": ({"statusListIndex": ""}, Invalid, "decimal"),
    "thousands of digits": ({"statusListIndex": "9" * 5_000}, Invalid, "decimal"),
    "too large": ({"statusListIndex": str(2**40)}, Invalid, "at most"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_entries_that_are_refused(name: str) -> None:
    change, error, reason = UNREADABLE[name]
    with pytest.raises(error, match=reason) as raised:
        status_list.read_entry({**ENTRY, **change})
    assert type(raised.value) is error


@pytest.mark.parametrize("status", [None, "x", [ENTRY], 1])
def test_statuses_that_are_no_object(status: object) -> None:
    with pytest.raises(Invalid, match="object"):
        status_list.read_entry(status)


LIST = status_list.list_credential(
    status_list.encode([94_567]), url=URL, issuer=DID, valid_from=1_772_000_000 * SECOND
)


def test_our_list() -> None:
    assert LIST["id"] == URL
    assert LIST["issuer"] == DID
    assert LIST["validFrom"] == "2026-02-25T06:13:20Z"
    assert LIST["credentialSubject"]["id"] == f"{URL}#list"
    assert "encodedList" in jsonld.canonicalize(LIST)
    entry = status_list.read_entry(ENTRY)
    assert status_list.read_status(LIST, entry, issuer=DID) is True
    neighbour = status_list.read_entry(status_list.status_entry(URL, 94_566))
    assert status_list.read_status(LIST, neighbour, issuer=DID) is False


SUBJECT = LIST["credentialSubject"]

REFUSED_LISTS: dict[str, tuple[dict[str, Any], type[BadgefedError], str]] = {
    "another issuer": ({"issuer": "did:web:b.example"}, Unprocessable, "another issuer"),
    "another issuer as object": ({"issuer": {"id": "did:web:b.example"}}, Unprocessable, "another issuer"),
    "no issuer": ({"issuer": None}, Unprocessable, "another issuer"),
    "no credential": ({"type": ["BitstringStatusListCredential"]}, Unprocessable, "no status list"),
    "a badge": ({"type": ["VerifiableCredential", "OpenBadgeCredential"]}, Unprocessable, "no status list"),
    "a mixture": (
        {"type": ["VerifiableCredential", "StatusList2021Credential"]},
        Unprocessable,
        "no status list",
    ),
    "subject of another type": (
        {"credentialSubject": {**SUBJECT, "type": "X"}},
        Unprocessable,
        "no status list",
    ),
    "about suspension": (
        {"credentialSubject": {**SUBJECT, "statusPurpose": "suspension"}},
        Unprocessable,
        "'suspension'",
    ),
    "about nothing": ({"credentialSubject": {**SUBJECT, "statusPurpose": None}}, Unprocessable, "None"),
    "no subject": ({"credentialSubject": None}, Invalid, "credentialSubject"),
    "two subjects": ({"credentialSubject": [SUBJECT, SUBJECT]}, Invalid, "credentialSubject"),
    "no bits": ({"credentialSubject": {**SUBJECT, "encodedList": None}}, Invalid, "encodedList"),
}


@pytest.mark.parametrize("name", REFUSED_LISTS)
def test_lists_that_are_refused(name: str) -> None:
    change, error, reason = REFUSED_LISTS[name]
    with pytest.raises(error, match=reason):
        status_list.check_list({**LIST, **change}, issuer=DID, purpose="revocation")


def test_lists_in_other_forms() -> None:
    old = {
        **LIST,
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": {"id": DID},
        "credentialSubject": {
            **SUBJECT,
            "type": ["StatusList2021"],
            "statusPurpose": ["suspension", "revocation"],
        },
    }
    encoded = status_list.check_list(old, issuer=DID, purpose="revocation")
    assert encoded == SUBJECT["encodedList"]


def test_a_list_that_is_too_short_for_the_badge() -> None:
    entry = status_list.read_entry(status_list.status_entry(URL, 131_072))
    with pytest.raises(Unprocessable, match="131072"):
        status_list.read_status(LIST, entry, issuer=DID)
