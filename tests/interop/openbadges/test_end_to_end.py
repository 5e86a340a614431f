"""Grants that the worker processed, fetched over HTTP as verifiers by others fetch them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.issuing.grants import Offer
from badgefed.model.addresses import Addresses
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.conftest import World
from tests.doors import accept, browse, revoke
from tests.interop.openbadges import library
from tests.interop.openbadges.answers import Answer, Verdict, Verify
from tests.workers import run_until_idle

VALID, REVOKED, REFUSED = Verdict.VALID, Verdict.REVOKED, Verdict.REFUSED

RECIPIENTS = {
    "a profile": {"profile": "https://social.example/users/jane"},
    "a handle": {"profile": "@jane@social.example"},
    "an e-mail address": {"email": "Jane@Mail.example"},
}
FORMS = {
    "assertion": Addresses.assertion,
    "signed assertion": Addresses.signed_assertion,
    "credential": Addresses.credential,
    "jwt": Addresses.credential_jwt,
    "png": Addresses.baked_png,
    "svg": Addresses.baked_svg,
}
Change = Callable[[Transaction], Awaitable[Grant]]
KEPT = ["signed assertion", "credential", "jwt"]


async def award(
    services: Services, world: World, *, profile: str | None = None, email: str | None = None
) -> Grant:
    """A grant that was accepted and that the worker processed."""
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        evidence="https://jane.example/work",
        name="Jane",
        profile=profile,
        email=email,
    )
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    await accept(services, offered.grant, Visibility.PUBLIC)
    await run_until_idle(services)
    return offered.grant


async def download(client: httpx.AsyncClient, url: str) -> bytes:
    response = await client.get(url)
    if response.status_code != 200:
        raise LookupError(f"{url} answers {response.status_code}")
    return response.content


async def ask(verify: Verify, presented: bytes, client: httpx.AsyncClient) -> Answer:
    """The verifier fetches from a thread, as it would from elsewhere."""
    loop = asyncio.get_running_loop()

    def fetch(url: str) -> bytes:
        return asyncio.run_coroutine_threadsafe(download(client, url), loop).result(10)

    return await asyncio.to_thread(verify, presented, fetch)


@pytest.mark.parametrize("recipient", RECIPIENTS)
async def test_a_credential_holds(verify: Verify, services: Services, world: World, recipient: str) -> None:
    grant = await award(services, world, **RECIPIENTS[recipient])
    async with browse(services) as client:
        credential = await download(client, services.addresses.credential(grant.uuid))
        assert await ask(verify, credential, client) == Answer(verdict=VALID)


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_of_a_badge_holds(services: Services, world: World, form: str) -> None:
    grant = await award(services, world, **RECIPIENTS["a profile"])
    async with browse(services) as client:
        presented = await download(client, FORMS[form](services.addresses, grant.uuid))
        assert await ask(library.verify, presented, client) == Answer(verdict=VALID)


async def test_a_revoked_assertion_is_refused(services: Services, world: World) -> None:
    """It is gone from where verifiers fetch it."""
    grant = await award(services, world, **RECIPIENTS["a profile"])
    async with browse(services) as client:
        kept = await download(client, services.addresses.assertion(grant.uuid))
        await revoke(services, grant)
        answer = await ask(library.verify, kept, client)
    assert answer.verdict is REFUSED
    assert "answers 410" in answer.reason


@pytest.mark.parametrize("form", KEPT)
async def test_what_somebody_kept_of_a_revoked_badge_is_revoked(
    services: Services, world: World, form: str
) -> None:
    grant = await award(services, world, **RECIPIENTS["a profile"])
    async with browse(services) as client:
        kept = await download(client, FORMS[form](services.addresses, grant.uuid))
        assert await ask(library.verify, kept, client) == Answer(verdict=VALID)
        await revoke(services, grant)
        await run_until_idle(services)
        assert (await ask(library.verify, kept, client)).verdict is REVOKED


async def test_the_status_of_a_credential_is_the_grants(
    verify: Verify, services: Services, world: World
) -> None:
    """A suspended badge is not accepted either; a reinstated one is again."""
    grant = await award(services, world, **RECIPIENTS["an e-mail address"])
    now = services.clock()
    changes: list[tuple[Change | None, Verdict]] = [
        (None, VALID),
        (lambda tx: grants.suspend(tx, grant.id, reason="Under review", now=now), REVOKED),
        (lambda tx: grants.reinstate(tx, grant.id, now=now), VALID),
        (lambda tx: grants.revoke(tx, grant.id, reason="A mistake", now=now), REVOKED),
    ]
    async with browse(services) as client:
        kept = await download(client, services.addresses.credential(grant.uuid))
        for change, verdict in changes:
            if change is not None:
                await services.database.write(change)
                await run_until_idle(services)
            answer = await ask(verify, kept, client)
            assert answer.verdict is verdict, answer
