"""The recipient's pages: what a link opens, and that every wrong link gets one and the same answer."""

from __future__ import annotations

import json

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store import mail_optouts
from badgefed.web.middleware import loggable_path
from badgefed.work.accept_links import accept_url, manage_url, unsubscribe_url
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import Page, browse, check_page
from tests.test_pages import HOSTILE, sign
from tests.world import Clock

EMAIL = "jane.doe@mail.example"


async def offer(services: Services, world: World, **wanted: str | int) -> Grant:
    """A pending grant, to an e-mail address unless something else is said."""
    values = {"badge_id": world.badge.id, "email": EMAIL, "name": "Jane Doe", **wanted}
    made = Offer(organization_id=world.organization.id, **values)  # type: ignore[arg-type]
    return (await services.database.write(lambda tx: grants.offer(tx, made, services))).grant


def link(services: Services, grant: Grant, channel: ProofKind = ProofKind.MAIL_LINK) -> str:
    return accept_url(services, grant, channel)


async def find(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


async def open_page(client: httpx.AsyncClient, url: str) -> Page:
    response = await client.get(url)
    assert response.status_code == 200
    return check_page(response)


async def submit(client: httpx.AsyncClient, url: str, page: Page, /, **form: str) -> httpx.Response:
    return await client.post(url, data={"token": page.value("token"), **form})


async def test_the_page_says_what_is_offered_by_whom_and_what_for(services: Services, world: World) -> None:
    grant = await offer(services, world, evidence="Taught 12 people.", granted_by="Prof. Brandt")
    async with browse(services) as client:
        page = await open_page(client, link(services, grant))
    for text in (
        "Advanced Training",
        "Finished the advanced training.",
        "The Organization",
        "Jane Doe, j•••@mail.example",
        "Taught 12 people.",
        "Prof. Brandt",
        "28 May 2026",
        "Nothing is published unless you accept",
    ):
        assert text in page.text, text
    assert EMAIL not in page.html
    radios = page.all("input", type="radio", name="visibility")
    assert [radio.get("value") for radio in radios] == ["public", "unlisted", "private"]
    assert ["checked" in radio.attributes for radio in radios] == [True, False, False]
    assert page.all("script") == []


async def test_without_evidence_the_criteria_say_what_for(services: Services, world: World) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        page = await open_page(client, link(services, grant))
    assert "Completed the advanced training course" in page.text


async def test_a_profile_is_shown_as_it_was_granted_to(services: Services, world: World) -> None:
    wanted = Offer(
        organization_id=world.organization.id, badge_id=world.badge.id, profile="@jane@social.example"
    )
    grant = (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant
    async with browse(services) as client:
        page = await open_page(client, link(services, grant))
    assert "@jane@social.example" in page.text


async def test_the_page_is_kept_by_nobody_and_tells_no_other_site(services: Services, world: World) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        page = await client.get(link(services, grant))
        answered = await submit(
            client, link(services, grant), check_page(page), answer="accept", visibility="public"
        )
        own = await client.get(answered.headers["location"])
    for response in (page, answered, own):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-robots-tag"] == "noindex"
        assert "script-src" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("visibility", list(Visibility))
async def test_the_choice_of_visibility_is_stored_with_the_proof(
    services: Services, world: World, visibility: Visibility
) -> None:
    grant = await offer(services, world)
    services.wake.clear()
    async with browse(services) as client:
        page = await open_page(client, link(services, grant))
        response = await submit(
            client, link(services, grant), page, answer="accept", visibility=str(visibility)
        )
    assert response.status_code == 303
    assert response.headers["location"] == manage_url(services, grant)
    found = await find(services, grant)
    assert (found.status, found.visibility, found.proof_kind) == (
        Status.ACCEPTED,
        visibility,
        ProofKind.MAIL_LINK,
    )
    assert json.loads(found.proof or "") == {"channel": "email-link", "time": "2026-05-28T20:26:40Z"}
    assert services.wake.is_set()


@pytest.mark.parametrize("channel", [ProofKind.LINK, ProofKind.MAIL_LINK, ProofKind.DIRECT_MESSAGE_LINK])
async def test_acceptance_tells_which_channel_the_link_came_by(
    services: Services, world: World, channel: ProofKind
) -> None:
    grant = await offer(services, world)
    url = link(services, grant, channel)
    async with browse(services) as client:
        await submit(client, url, await open_page(client, url), answer="accept", visibility="public")
    assert (await find(services, grant)).proof_kind is channel


async def test_after_accepting_the_own_page_goes_from_signing_to_signed(
    services: Services, world: World
) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        url = link(services, grant)
        response = await submit(
            client, url, await open_page(client, url), answer="accept", visibility="unlisted"
        )
        own = response.headers["location"]
        waiting = await open_page(client, own)
        nothing = await client.get(f"{own}/credential")
        signed = await sign(services, grant.id)
        done = await open_page(client, own)
        credential = await client.get(f"{own}/credential")
    assert "being signed" in waiting.text
    assert nothing.status_code == 404
    assert "It's yours" in done.text
    assert "Unlisted" in done.text
    assert signed.fingerprint is not None
    assert signed.fingerprint in done.text
    assert [a for a in done.all("a") if a.get("href") == signed.note_uri]
    assert credential.json()["proof"]
    assert credential.headers["content-disposition"] == f'attachment; filename="{grant.code}.json"'


async def test_a_private_badge_is_for_its_recipient_to_download_and_has_no_public_link(
    services: Services, world: World
) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        url = link(services, grant)
        await submit(client, url, await open_page(client, url), answer="accept", visibility="private")
        await sign(services, grant.id)
        done = await open_page(client, manage_url(services, grant))
        credential = await client.get(f"{manage_url(services, grant)}/credential")
    assert "Nothing was published" in done.text
    assert [a for a in done.all("a") if a.get("href") == grant.note_uri] == []
    assert credential.status_code == 200


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, None),
        ({"not_me": "1"}, "This isn't me"),
        ({"reason": "  I left\r\nlast year "}, "I left\nlast year"),
        ({"not_me": "1", "reason": "wrong Jane"}, "This isn't me: wrong Jane"),
        ({"reason": "x" * 2000}, "x" * 500),
        ({"reason": "a\x00b\x07"}, "ab"),
    ],
)
async def test_declining_stores_the_reason_and_says_so(
    services: Services, world: World, form: dict[str, str], reason: str | None
) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        url = link(services, grant)
        response = await submit(client, url, await open_page(client, url), answer="decline", **form)
        own = await open_page(client, response.headers["location"])
    found = await find(services, grant)
    assert (found.status, found.closed_reason) == (Status.DECLINED, reason)
    assert "You have declined this badge" in own.text


async def test_a_revoked_badge_says_so_to_the_one_who_had_it(services: Services, world: World) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        url = link(services, grant)
        await submit(client, url, await open_page(client, url), answer="accept", visibility="public")
        await services.database.write(
            lambda tx: grants.revoke(tx, grant.id, reason="Granted twice.", now=services.clock())
        )
        page = await open_page(client, manage_url(services, grant))
    assert "This badge was taken back" in page.text
    assert "Granted twice." in page.text


async def wrong_links(services: Services, world: World) -> dict[str, str]:
    """Every kind of link that must not open anything."""
    pending = await offer(services, world)
    accepted = await offer(services, world, email="a@mail.example")
    declined = await offer(services, world, email="d@mail.example")
    revoked = await offer(services, world, email="r@mail.example")
    key = link(services, pending).rpartition("/")[2]
    async with browse(services) as client:
        for grant, answer in ((accepted, "accept"), (declined, "decline")):
            url = link(services, grant)
            page = await open_page(client, url)
            await submit(client, url, page, answer=answer, visibility="public")
    await services.database.write(lambda tx: grants.revoke(tx, revoked.id, reason="r", now=services.clock()))
    base = f"{BASE}/accept/grant"
    return {
        "wrong key": f"{base}/{pending.id}/{'x' * 27}",
        "short key": f"{base}/{pending.id}/x",
        "cut off key": link(services, pending)[:-1],
        "key with more": f"{link(services, pending)}x",
        "key in other letters": f"{base}/{pending.id}/ключ%00%ff",
        "another grant's key": f"{base}/{accepted.id}/{key}",
        "the own page's key": f"{base}/{pending.id}/{manage_url(services, pending).rpartition('/')[2]}",
        "used": link(services, accepted),
        "wrong key of a used one": f"{base}/{accepted.id}/{'x' * 27}",
        "declined": link(services, declined),
        "revoked": link(services, revoked),
        "unknown id": f"{base}/99999/{key}",
        "no number": f"{base}/abc/{key}",
        "huge number": f"{base}/{'9' * 40}/{key}",
        "negative number": f"{base}/-1/{key}",
        "other digits": f"{base}/١/{key}",
        "no key": f"{base}/{pending.id}",
        "empty key": f"{base}/{pending.id}/",
        "something behind the key": f"{link(services, pending)}/more",
        "an own page before an answer": manage_url(services, pending),
        "own page, wrong key": f"{BASE}/grants/{accepted.id}/{key}",
        "own page, unknown id": f"{BASE}/grants/99999/{key}",
        "own page by the accept key": link(services, accepted).replace("/accept/grant/", "/grants/"),
        "no reminders, wrong key": f"{BASE}/unsubscribe/{pending.id}/{key}",
        "no reminders, unknown id": f"{BASE}/unsubscribe/99999/{key}",
    }


async def test_every_wrong_link_gets_one_and_the_same_answer(services: Services, world: World) -> None:
    links = await wrong_links(services, world)
    changing = {"x-request-id"}
    async with browse(services) as client:
        answers = {name: await client.get(url) for name, url in links.items()}
    first = answers["wrong key"]
    page = check_page(first)
    assert first.status_code == 404
    assert "This link leads nowhere" in page.text
    for name, answer in answers.items():
        assert answer.status_code == 404, name
        assert answer.content == first.content, name
        headers = {key: value for key, value in answer.headers.items() if key not in changing}
        assert headers == {key: value for key, value in first.headers.items() if key not in changing}, name
    for secret in ("Jane", "mail.example", "Advanced Training", "The Organization"):
        assert secret not in first.text


async def test_sending_a_form_to_a_wrong_link_gets_that_answer_too(services: Services, world: World) -> None:
    links = await wrong_links(services, world)
    async with browse(services) as client:
        first = await client.get(links["wrong key"])
        for name, url in links.items():
            if "own page" not in name or "accept/grant" in url:
                answer = await client.post(url, data={"answer": "accept", "visibility": "public"})
                assert (answer.status_code, answer.content) == (404, first.content), name
        for path in ("profile", "code"):
            answer = await client.post(f"{links['own page, wrong key']}/{path}", data={"code": "x"})
            assert (answer.status_code, answer.content) == (404, first.content), path


async def test_of_two_open_pages_the_first_wins_and_the_second_is_lost(
    services: Services, world: World
) -> None:
    grant = await offer(services, world)
    url = link(services, grant)
    async with browse(services) as client:
        one, other = await open_page(client, url), await open_page(client, url)
        first = await submit(client, url, one, answer="accept", visibility="unlisted")
        second = await submit(client, url, other, answer="accept", visibility="public")
        third = await submit(client, url, other, answer="decline")
    assert [first.status_code, second.status_code, third.status_code] == [303, 404, 404]
    found = await find(services, grant)
    assert (found.status, found.visibility) == (Status.ACCEPTED, Visibility.UNLISTED)


async def test_the_link_from_the_mail_is_worth_nothing_once_the_other_one_was_used(
    services: Services, world: World
) -> None:
    grant = await offer(services, world)
    direct, mail = link(services, grant, ProofKind.LINK), link(services, grant)
    async with browse(services) as client:
        await submit(client, direct, await open_page(client, direct), answer="decline")
        assert (await client.get(mail)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": BASE}, 303),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://badges.example.evil.example"}, 403),
        ({"origin": "http://badges.example"}, 403),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": BASE, "sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_only_our_own_page_can_send_its_form(
    services: Services, world: World, headers: dict[str, str], status: int
) -> None:
    grant = await offer(services, world)
    url = link(services, grant)
    async with browse(services) as client:
        page = await open_page(client, url)
        form = {"token": page.value("token"), "answer": "accept", "visibility": "public"}
        response = await client.post(url, data=form, headers=headers)
    assert response.status_code == status
    accepted = (await find(services, grant)).status is Status.ACCEPTED
    assert accepted is (status == 303)
    if status == 403:
        check_page(response)


@pytest.mark.parametrize("token", [None, "", "x" * 27, "another grant's"])
async def test_a_form_without_its_token_does_nothing(
    services: Services, world: World, token: str | None
) -> None:
    grant = await offer(services, world)
    other = await offer(services, world, email="other@mail.example")
    url = link(services, grant)
    form = {"answer": "accept", "visibility": "public"}
    async with browse(services) as client:
        if token == "another grant's":
            token = (await open_page(client, link(services, other))).value("token")
        response = await client.post(url, data={**form, **({} if token is None else {"token": token})})
    assert response.status_code == 403
    assert (await find(services, grant)).status is Status.PENDING


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"answer": "accept"},
        {"answer": "accept", "visibility": "everybody"},
        {"answer": "accept", "visibility": ""},
        {"visibility": "public"},
        {"answer": "yes", "visibility": "public"},
    ],
)
async def test_an_incomplete_answer_is_none(services: Services, world: World, form: dict[str, str]) -> None:
    grant = await offer(services, world)
    url = link(services, grant)
    async with browse(services) as client:
        response = await submit(client, url, await open_page(client, url), **form)
    assert response.status_code == 400
    check_page(response)
    assert (await find(services, grant)).status is Status.PENDING


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"answer=accept", "text/plain", 415),
        (b'{"answer":"accept"}', "application/json", 415),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=b" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 40_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_is_no_form_is_refused(
    services: Services, world: World, body: bytes, media_type: str, status: int
) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        response = await client.post(
            link(services, grant), content=body, headers={"content-type": media_type}
        )
    assert response.status_code == status
    check_page(response)


async def test_opening_a_link_changes_nothing(services: Services, world: World) -> None:
    grant = await offer(services, world)
    async with browse(services) as client:
        for method in ("GET", "HEAD"):
            assert (await client.request(method, link(services, grant))).status_code == 200
    assert await find(services, grant) == grant


async def test_an_expired_offer_says_that_it_is(services: Services, world: World, clock: Clock) -> None:
    badge = await create_badge(
        services,
        issuer=world.issuer,
        new=NewBadge(title="Short", description="d", criteria="c", expires_in_days=1),
    )
    grant = await offer(services, world, badge_id=badge.id)
    async with browse(services) as client:
        assert "Valid until" in (await open_page(client, link(services, grant))).text
        clock.advance(DAY / 1_000_000)
        assert "Was valid until" in (await open_page(client, link(services, grant))).text


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/accept/grant/7/secret", "/accept/grant/7/…"),
        ("/grants/7/secret/profile", "/grants/7/…"),
        ("/unsubscribe/7/sec\nret", "/unsubscribe/7/…"),
        ("/actor/org/statuses/abc", "/actor/org/statuses/abc"),
        ("/" + "x" * 400, "/" + "x" * 299),
    ],
)
def test_no_key_gets_into_the_log(path: str, logged: str) -> None:
    assert loggable_path(path) == logged


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_no_text_breaks_the_recipients_pages(services: Services, world: World, text: str) -> None:
    badge = await create_badge(
        services,
        issuer=world.issuer,
        new=NewBadge(title=text[:200], description=text, criteria=text, image_alt=text[:1000]),
    )
    await services.database.write(
        lambda tx: tx.execute("UPDATE issuers SET name = ? WHERE id = ?", text[:128], world.issuer.id)
    )
    grant = await offer(
        services, world, badge_id=badge.id, name=text[:200], evidence=text, granted_by=text[:200]
    )
    async with browse(services) as client:
        url = link(services, grant)
        page = await open_page(client, url)
        await submit(client, url, page, answer="accept", visibility="public")
        own = await open_page(client, manage_url(services, grant))
        await services.database.write(
            lambda tx: grants.revoke(tx, grant.id, reason=text, now=services.clock())
        )
        revoked = await open_page(client, manage_url(services, grant))
    for one in (page, own, revoked):
        assert text[:120] in one.text


async def test_reminders_stop_by_a_button_and_by_the_mail_programs_one_click(
    services: Services, world: World
) -> None:
    grant = await offer(services, world)
    url = unsubscribe_url(services, grant)
    async with browse(services) as client:
        page = await open_page(client, url)
        assert not await mail_optouts.has_opted_out(services.database, EMAIL)
        response = await client.post(
            url,
            content=b"List-Unsubscribe=One-Click",
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "*/*"},
        )
    assert [form.get("method") for form in page.all("form")] == ["post"]
    assert response.status_code == 200
    assert "No more reminders" in check_page(response).text
    assert await mail_optouts.has_opted_out(services.database, EMAIL)
    assert EMAIL not in page.html + response.text


async def test_a_grant_without_an_address_has_no_reminders_to_stop(services: Services, world: World) -> None:
    wanted = Offer(
        organization_id=world.organization.id, badge_id=world.badge.id, profile="@jane@social.example"
    )
    grant = (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant
    async with browse(services) as client:
        response = await client.get(unsubscribe_url(services, grant))
    assert response.status_code == 404
