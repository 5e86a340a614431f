"""Signatures made in a thread, many at a time."""

from __future__ import annotations

import asyncio

import pytest

from badgefed.errors import Invalid
from badgefed.protocol import keys, signatures
from badgefed.protocol.signatures import OutboundRequest
from badgefed.work.keyring import SigningKey
from badgefed.work.signer import AT_ONCE, Signer

NOW = 1_780_000_000.0


@pytest.fixture(scope="module")
def key() -> SigningKey:
    private = keys.generate_rsa()
    public = keys.public_pem(private.public_key())
    return SigningKey(key_id="https://a.example/actor#main-key", public_key=public, private_key=private)


def request(number: int) -> OutboundRequest:
    return OutboundRequest(
        method="POST", url=f"https://b.example/inbox/{number}", body_digest="AAAA", content_type="text/plain"
    )


async def test_everybody_gets_their_own_signature(key: SigningKey) -> None:
    signer, count = Signer(), 2 * AT_ONCE + 3
    made = await asyncio.gather(
        *(signer.sign(request(n), scheme="cavage", key=key, now=NOW) for n in range(count))
    )
    expected = [
        signatures.sign(request(n), scheme="cavage", key_id=key.key_id, private_key=key.private_key, now=NOW)
        for n in range(count)
    ]
    assert made == expected


async def test_one_that_cannot_be_signed_harms_no_other(key: SigningKey) -> None:
    signer = Signer()
    bad = OutboundRequest(method="POST", url="no URL", body_digest="AAAA", content_type="text/plain")
    first, second, third = await asyncio.gather(
        signer.sign(request(1), scheme="cavage", key=key, now=NOW),
        signer.sign(bad, scheme="cavage", key=key, now=NOW),
        signer.sign(request(3), scheme="rfc9421", key=key, now=NOW),
        return_exceptions=True,
    )
    assert isinstance(second, Invalid)
    assert isinstance(first, dict)
    assert "Signature" in first
    assert isinstance(third, dict)
    assert "Signature-Input" in third


async def test_one_who_gave_up_waiting_holds_up_nobody(key: SigningKey) -> None:
    signer = Signer()
    impatient = asyncio.create_task(signer.sign(request(1), scheme="cavage", key=key, now=NOW))
    patient = asyncio.create_task(signer.sign(request(2), scheme="cavage", key=key, now=NOW))
    await asyncio.sleep(0)
    impatient.cancel()
    assert "Signature" in await patient
    assert impatient.cancelled()
    assert "Signature" in await signer.sign(request(3), scheme="cavage", key=key, now=NOW)
