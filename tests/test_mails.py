"""Grants to an e-mail address, from the offer to the mail in the recipient's mailbox, over a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.net.mail import SmtpMailer, SmtpServer
from badgefed.store import mail_optouts
from badgefed.work.accept_links import channel_of
from badgefed.work.services import Services
from tests.conftest import World
from tests.net.post_office import Postman, post_office
from tests.workers import run_until_idle
from tests.world import Clock


def read(postman: Postman, number: int = -1) -> EmailMessage:
    return email.message_from_bytes(postman.received[number][2], policy=email.policy.default)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def offer(services: Services, world: World, **wanted: Any) -> Grant:
    whole = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        **{"email": "ann@example.org", "name": "Ann O'Hara", **wanted},
    )
    return (await services.database.write(lambda tx: grants.offer(tx, whole, services))).grant


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
async def mailing(services: Services, postman: Postman) -> AsyncIterator[Services]:
    async with post_office(postman) as port:
        server = SmtpServer(host="127.0.0.1", port=port, tls=False)
        yield replace(services, mailer=SmtpMailer(server, hostname="badges.example", timeout=5))


async def failures(services: Services) -> list[tuple[str, str]]:
    rows = await services.database.all("SELECT state, last_error FROM jobs WHERE kind = 'mail'")
    return [(row["state"], row["last_error"]) for row in rows]


async def test_the_recipient_gets_a_mail_with_a_link_that_works(
    mailing: Services, world: World, postman: Postman
) -> None:
    grant = await offer(mailing, world)
    await run_until_idle(mailing)
    sender, recipients, _ = postman.received[0]
    message = read(postman)
    assert (sender, recipients) == ("badges@badges.example", ["ann@example.org"])
    assert message["Subject"] == "A badge for you: Advanced Training"
    assert message["From"] == "The Organization <badges@badges.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        assert "Advanced Training" in text
        match = re.search(r"https://badges\.example/accept/grant/(\d+)/([\w-]+)", text)
        assert match is not None
        assert int(match[1]) == grant.id
        assert channel_of(mailing.settings.secret_key, grant, match[2]) is ProofKind.MAIL_LINK
    assert "Completed the advanced training course" in text_of(message)
    assert "Hello Ann O'Hara," in text_of(message)


async def test_what_people_typed_is_escaped_in_html_and_kept_in_text(
    mailing: Services, world: World, postman: Postman
) -> None:
    nasty = "<script>alert(1)</script> & {{ 7*7 }} “é” \N{RIGHT-TO-LEFT OVERRIDE}"
    await offer(mailing, world, name=nasty, evidence=nasty)
    await run_until_idle(mailing)
    assert "<script>" not in text_of(read(postman), "html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7*7 }}" in text_of(read(postman), "html")
    assert nasty in text_of(read(postman))


async def test_one_reminder_that_can_be_stopped(
    mailing: Services, world: World, postman: Postman, clock: Clock
) -> None:
    await offer(mailing, world)
    await run_until_idle(mailing)
    clock.advance(7 * DAY / 1_000_000 + 1)
    await run_until_idle(mailing)
    reminder = read(postman, 1)
    assert "still waiting" in str(reminder["Subject"]).lower()
    assert re.fullmatch(
        r"<https://badges\.example/unsubscribe/\d+/[\w-]+>", str(reminder["List-Unsubscribe"]).strip()
    )
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/unsubscribe/" in text_of(reminder)
    clock.advance(60 * DAY / 1_000_000)
    await run_until_idle(mailing)
    assert len(postman.received) == 2


async def test_no_reminder_after_an_answer_or_an_opt_out(
    mailing: Services, world: World, postman: Postman, clock: Clock
) -> None:
    answered = await offer(mailing, world)
    await offer(mailing, world, email="Bob@example.org")
    await run_until_idle(mailing)
    proof = Proof(kind=ProofKind.MAIL_LINK, details={})
    await mailing.database.write(
        lambda tx: grants.accept(tx, answered.id, visibility=Visibility.PUBLIC, proof=proof, now=clock.now)
    )
    await mailing.database.write(lambda tx: mail_optouts.add_optout(tx, "bob@EXAMPLE.org", now=clock.now))
    clock.advance(8 * DAY / 1_000_000)
    await run_until_idle(mailing)
    assert len(postman.received) == 2


async def test_a_refusal_ends_the_job_and_is_kept_for_people_to_see(services: Services, world: World) -> None:
    await offer(services, world)
    async with post_office(Postman(rcpt="550 5.1.1 no such user")) as port:
        server = SmtpServer(host="127.0.0.1", port=port, tls=False)
        mailing = replace(services, mailer=SmtpMailer(server, hostname="badges.example", timeout=5))
        await run_until_idle(mailing)
    ((state, error),) = await failures(services)
    assert state == "failed"
    assert "550" in error


@pytest.mark.parametrize("trouble", ["451 4.3.0 later", "silence"])
async def test_trouble_that_passes_is_tried_again(
    services: Services, world: World, clock: Clock, postman: Postman, trouble: str
) -> None:
    await offer(services, world)
    bad = Postman(rcpt=trouble)
    async with post_office(bad) as port:
        dead = SmtpServer(host="127.0.0.1", port=1 if trouble == "silence" else port, tls=False)
        await run_until_idle(replace(services, mailer=SmtpMailer(dead, hostname="b.example", timeout=2)))
    ((state, error),) = await failures(services)
    assert state == "ready"
    assert error.startswith("MailDeferred")
    clock.advance(3600)
    async with post_office(postman) as port:
        server = SmtpServer(host="127.0.0.1", port=port, tls=False)
        await run_until_idle(replace(services, mailer=SmtpMailer(server, hostname="b.example", timeout=5)))
    assert len(postman.received) == 1


async def test_a_mail_sent_twice_is_the_same_mail(
    mailing: Services, world: World, postman: Postman, clock: Clock
) -> None:
    """A crash between the hand-over and the end of the job repeats it; mail programs see that by the Message-ID."""
    await offer(mailing, world)
    row = await mailing.database.one("SELECT * FROM jobs")
    assert row is not None
    await run_until_idle(mailing)
    await mailing.database.write(
        lambda tx: tx.execute(
            "INSERT INTO jobs (kind, payload, grant_id, state, priority, attempt, not_before, created_at)"
            " VALUES ('mail', '{}', ?, 'ready', 0, 0, 0, 0)",
            row["grant_id"],
        )
    )
    await run_until_idle(mailing)
    assert read(postman, 0)["Message-ID"] == read(postman, 1)["Message-ID"]
