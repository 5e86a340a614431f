"""The pages that anybody may look at."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.actor import RemoteActor
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import DAY, MINUTE
from badgefed.model.visibility import Visibility
from badgefed.settings import resource_folder
from badgefed.store import grants as stored_grants
from badgefed.store import interactions, jobs, remote_actors
from badgefed.store.interactions import Interaction, InteractionKind
from badgefed.store.jobs import JobKind
from badgefed.web import statics
from badgefed.work.process import process
from badgefed.work.services import MAX_VERIFICATIONS, Services
from tests.conftest import World
from tests.html_pages import Page, browse, check_page
from tests.world import Clock

AMARA = RemoteActor(
    id="https://social.example/users/amara",
    host="social.example",
    actor_type="Person",
    inbox="https://social.example/users/amara/inbox",
    shared_inbox=None,
    username="amara",
    handle="@amara@social.example",
    name="Amara Okafor",
    url="https://social.example/@amara",
    icon=None,
    fetched_at=0,
)
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{7*7}} {% raw %} %(name)s {title} $1",
    "\u202eevil\u202c שלום علي",
    "🏅👩🏽‍💻 O'Brien & Søn",
    "</title></textarea></p>",
    "javascript:alert(1) https://ok.example/a?b=1&c=2 //evil.example",
    "x" * 2000,
)


async def grant_badge(
    services: Services,
    world: World,
    *,
    badge_id: int | None = None,
    name: str | None = "Amara Okafor",
    profile: str | None = None,
    email: str | None = "amara@mail.example",
    evidence: str | None = None,
    granted_by: str | None = None,
    kind: ProofKind = ProofKind.MAIL_LINK,
    visibility: Visibility = Visibility.PUBLIC,
) -> Grant:
    """A processed grant."""
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=badge_id or world.badge.id,
        profile=profile,
        email=email,
        name=name,
        evidence=evidence,
        granted_by=granted_by,
    )
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    if profile == AMARA.id:
        await services.database.write(lambda tx: remote_actors.save_actor(tx, AMARA))
        await services.database.write(
            lambda tx: stored_grants.set_recipient_actor(
                tx, offered.grant.id, actor_id=AMARA.id, handle=AMARA.handle, aliases=(AMARA.id,)
            )
        )
    await services.database.write(
        lambda tx: grants.accept(
            tx,
            offered.grant.id,
            visibility=visibility,
            proof=Proof(kind=kind, details={}),
            now=services.clock(),
        )
    )
    return await sign(services, offered.grant.id)


async def sign(services: Services, grant_id: int) -> Grant:
    claimed = await services.database.write(
        lambda tx: jobs.claim_jobs(tx, limit=100, now=services.clock(), lease=MINUTE)
    )
    for job in claimed:
        if job.kind is JobKind.PROCESS:
            await process(services, job)
    grant = await stored_grants.find_grant(services.database, grant_id)
    assert grant is not None
    return grant


async def fetch(services: Services, url: str, status: int = 200) -> Page:
    async with browse(services) as client:
        response = await client.get(url)
    assert response.status_code == status, response.text
    return check_page(response)


async def test_an_empty_front_page_says_that_the_first_badge_is_to_come(
    services: Services, world: World
) -> None:
    page = await fetch(services, "/")
    assert "The first badge is still to come" in page.text
    assert world.issuer.name in page.text


async def test_the_front_page_shows_public_badges_only(services: Services, world: World) -> None:
    for number, visibility in enumerate(Visibility):
        await grant_badge(
            services,
            world,
            name=f"Person {visibility}",
            email=f"p{number}@mail.example",
            visibility=visibility,
        )
    for path in ("/", world.issuer.actor_id, f"/badge/{world.badge.id}"):
        page = await fetch(services, path)
        assert "Person public" in page.text
        assert "Person unlisted" not in page.html
        assert "Person private" not in page.html


async def test_a_revoked_badge_is_on_no_page_with_the_next_request(services: Services, world: World) -> None:
    grant = await grant_badge(services, world)
    await services.database.write(
        lambda tx: grants.revoke(tx, grant.id, reason="a mistake", now=services.clock())
    )
    page = await fetch(services, grant.note_uri, 410)
    assert "Amara" not in page.html
    for path in ("/", world.issuer.actor_id, f"/badge/{world.badge.id}"):
        assert "Amara" not in (await fetch(services, path)).html


async def test_the_page_of_a_granted_badge(services: Services, world: World) -> None:
    grant = await grant_badge(
        services,
        world,
        profile=AMARA.id,
        evidence="Rebuilt the shop, see https://museum.example/report.",
        granted_by="Prof. Brandt",
        kind=ProofKind.REPLY,
    )
    page = await fetch(services, grant.note_uri)
    for text in (
        "Advanced Training",
        "Amara Okafor",
        "@amara@social.example",
        "The Organization",
        "Finished the advanced training.",
        "Completed the advanced training course",
        "Rebuilt the shop",
        "Prof. Brandt",
        "28 May 2026",
        "its server signed that answer",
        "Everything was checked, and all of it holds.",
        "Not revoked",
        grant.code,
    ):
        assert text in page.text, text
    assert grant.fingerprint
    assert grant.fingerprint in page.text
    hrefs = {link.get("href"): link.get("rel") for link in page.all("a")}
    assert hrefs["https://museum.example/report"] == "nofollow noopener ugc"
    assert hrefs["https://social.example/@amara"] == "nofollow ugc noopener"
    assert services.addresses.credential(grant.uuid) in hrefs
    assert services.addresses.assertion(grant.uuid) in hrefs
    assert "amara@mail.example" not in page.html


async def test_a_page_does_not_wait_for_a_busy_verifier(services: Services, world: World) -> None:
    grant = await grant_badge(services, world)
    for _ in range(MAX_VERIFICATIONS):
        await services.verifications.acquire()
    page = await fetch(services, grant.note_uri)
    assert "Everything was checked" not in page.text
    assert "Verify this badge" in page.text


async def test_a_pasted_link_gets_a_preview(services: Services, world: World) -> None:
    grant = await grant_badge(services, world, name='Am"ara')
    page = await fetch(services, grant.note_uri)
    meta = {one.get("property") or one.get("name"): one.get("content") for one in page.all("meta")}
    assert meta["og:title"] == 'Advanced Training, awarded to Am"ara'
    assert meta["og:url"] == grant.note_uri
    assert meta["og:image"].startswith(f"{services.addresses.base}/award-card/{grant.uuid}.png?v=")
    assert (meta["og:image:width"], meta["og:image:height"]) == ("1200", "630")
    assert meta["og:image:alt"] == "Badge: Advanced Training"
    assert meta["twitter:card"] == "summary_large_image"
    assert meta["fediverse:creator"] == "@org@badges.example"
    assert "robots" not in meta
    [alternate] = page.all("link", rel="alternate", type="application/activity+json")
    assert alternate.get("type") == "application/activity+json"
    assert alternate.get("href") == grant.note_uri


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ProofKind.REPLY, "answered the issuer's message with a yes"),
        (ProofKind.LIKE, "liked the issuer's message"),
        (ProofKind.MAIL_LINK, "sent to their e-mail address"),
        (ProofKind.DIRECT_MESSAGE_LINK, "by direct message"),
        (ProofKind.OAUTH, "signed in with their profile"),
        (ProofKind.LINK, "personal link that the issuer handed over"),
    ],
)
async def test_how_acceptance_was_proved_is_said_in_words(
    services: Services, world: World, kind: ProofKind, words: str
) -> None:
    grant = await grant_badge(services, world, kind=kind)
    assert words in (await fetch(services, grant.note_uri)).text


async def test_an_unlisted_badge_opens_by_its_link_and_is_kept_from_search_engines(
    services: Services, world: World
) -> None:
    grant = await grant_badge(services, world, visibility=Visibility.UNLISTED)
    page = await fetch(services, grant.note_uri)
    assert page.all("meta", name="robots", content="noindex")
    async with browse(services) as client:
        assert (await client.get(grant.note_uri)).headers["x-robots-tag"] == "noindex"


async def test_private_and_pending_badges_look_like_badges_that_never_were(
    services: Services, world: World
) -> None:
    private = await grant_badge(services, world, visibility=Visibility.PRIVATE)
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, email="b@mail.example")
    pending = (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant
    never = f"{world.issuer.actor_id}/statuses/{'0' * 32}"
    async with browse(services) as client:
        answers = [await client.get(uri) for uri in (never, private.note_uri, pending.note_uri)]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.content for answer in answers}) == 1
    check_page(answers[0])


async def test_an_expired_badge_is_shown_as_expired(services: Services, world: World, clock: Clock) -> None:
    badge = await create_badge(
        services,
        issuer=world.issuer,
        new=NewBadge(title="Short", description="d", criteria="c", expires_in_days=30),
    )
    grant = await grant_badge(services, world, badge_id=badge.id)
    before = await fetch(services, grant.note_uri)
    assert "Valid until" in before.text
    assert "Expired" not in before.text
    clock.advance(30 * DAY / 1_000_000)
    after = await fetch(services, grant.note_uri)
    assert "Expired" in after.text
    assert "was valid until 27 June 2026" in after.text


async def test_likes_boosts_and_replies_are_shown_and_replies_are_harmless(
    services: Services, world: World
) -> None:
    grant = await grant_badge(services, world)
    await services.database.write(lambda tx: remote_actors.save_actor(tx, AMARA))
    base = Interaction(
        grant_id=grant.id,
        kind=InteractionKind.LIKE,
        activity_id="https://social.example/1",
        object_id=None,
        actor_id=AMARA.id,
        content=None,
        url=None,
        created_at=services.clock(),
        updated_at=services.clock(),
    )
    reply = replace(
        base,
        kind=InteractionKind.REPLY,
        activity_id="https://social.example/2",
        object_id="https://social.example/n/2",
        content='<p onclick="x()">Well <strong>done</strong><script>alert(1)</script><img src="https://spy.example/p.png"></p>',
        url="javascript:alert(1)",
    )
    stranger = replace(
        base,
        kind=InteractionKind.BOOST,
        activity_id="https://gone.example/3",
        actor_id="https://gone.example/users/x",
    )
    for one in (base, reply, stranger):
        await services.database.write(lambda tx, one=one: interactions.add_interaction(tx, one))  # type: ignore[misc]
    page = await fetch(services, grant.note_uri)
    for text in ("1 like", "1 boost", "1 reply", "@amara@social.example", "gone.example", "Well done"):
        assert text in page.text, text
    assert "alert(1)" not in page.html
    assert "spy.example" not in page.html


async def test_a_recipient_without_name_is_somebody_and_never_an_address(
    services: Services, world: World
) -> None:
    grant = await grant_badge(services, world, name=None)
    page = await fetch(services, grant.note_uri)
    assert "Awarded to Somebody" in " ".join(page.text.split())
    assert "mail.example" not in page.html


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_no_text_breaks_a_page(services: Services, world: World, text: str) -> None:
    badge = await create_badge(
        services,
        issuer=world.issuer,
        new=NewBadge(
            title=text[:200],
            description=text,
            criteria=text,
            image_alt=text[:1000],
            info_uri=text[:1000],
            hashtags=text[:500],
        ),
    )
    await services.database.write(
        lambda tx: tx.execute(
            "UPDATE issuers SET name = ?, summary = ?, url = ? WHERE id = ?",
            text[:128],
            text,
            text,
            world.issuer.id,
        )
    )
    grant = await grant_badge(
        services, world, badge_id=badge.id, name=text[:200], evidence=text, granted_by=text[:200]
    )
    for url in ("/", world.issuer.actor_id, f"/badge/{badge.id}", grant.note_uri):
        page = await fetch(services, url)
        assert text[:128] in page.text
        assert "49" not in page.all("h1")[0].text
        assert "<script>alert" not in page.html


async def test_what_is_not_there(services: Services, world: World) -> None:
    for path in ("/nothing", "/badge/999", f"/badge/{2**70}", "/actor/nobody"):
        page = await fetch(services, path, 404)
        assert "There is nothing here" in page.text


async def test_a_program_gets_a_problem_document_and_an_api_client_its_dialect(
    services: Services, world: World
) -> None:
    async with browse(services) as client:
        problem = await client.get("/nothing", headers={"accept": "application/json"})
        api = await client.get("/api/nothing")
        method = await client.delete("/")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert api.json() == {"error": "Not Found"}
    assert method.status_code == 405
    assert "GET" in method.headers["allow"]
    check_page(method)


async def test_no_page_needs_a_script_and_the_policy_forbids_inline_ones(
    services: Services, world: World
) -> None:
    async with browse(services) as client:
        response = await client.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    for element in check_page(response).all("script"):
        assert "defer" in element.attributes


async def test_static_files_keep_for_ever_under_the_address_of_their_content(
    services: Services, world: World
) -> None:
    page = await fetch(services, "/")
    [_, sheet, *_] = [link.get("href") for link in page.all("link", rel="stylesheet")]
    async with browse(services) as client:
        current = await client.get(sheet)
        other = await client.get("/static/000000000000/badgefed.css")
        again = await client.get(sheet, headers={"if-none-match": current.headers["etag"]})
        escape = await client.get("/static/x/..%2f..%2fpyproject.toml")
        fonts = [await client.get(link.get("href")) for link in page.all("link", rel="preload")]
    assert current.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert current.headers["content-type"] == "text/css; charset=utf-8"
    assert other.headers["cache-control"] == "no-cache"
    assert other.content == current.content
    assert again.status_code == 304
    assert escape.status_code == 404
    assert [(font.status_code, font.headers["content-type"]) for font in fonts] == [(200, "font/woff2")] * 2


def test_every_address_in_the_style_sheets_is_a_file_of_ours() -> None:
    assets = statics.load_assets()
    for path, file in assets.files.items():
        if path.endswith(".css"):
            folder = path.rpartition("/")[0]
            for address in re.findall(r"url\(\"?([^\")]+)\"?\)", file.body.decode()):
                assert f"{folder}/{address}" in assets.files
            assert "//" not in file.body.decode()


def test_the_style_sheet_is_small() -> None:
    assert len(statics.load_assets().files["badgefed.css"].body) <= 20 * 1024


PAIRS = [(text, ground, 4.5) for text in ("ink", "muted", "accent") for ground in ("ground", "surface")] + [
    ("ink", "sunken", 4.5),
    ("ink", "accent-soft", 4.5),
    ("accent", "accent-soft", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("good", "good-soft", 4.5),
    ("warn", "warn-soft", 4.5),
    ("bad", "bad-soft", 4.5),
    ("ink", "warn-soft", 4.5),
    ("ink", "bad-soft", 4.5),
    ("bad", "surface", 4.5),
    ("muted", "accent-soft", 4.5),
    ("edge", "ground", 3.0),
    ("edge", "surface", 3.0),
    ("accent", "ground", 3.0),
]


def tokens(scheme: str) -> dict[str, str]:
    """The colour tokens of a scheme; the dark one stands on the light one."""
    css = (resource_folder("static") / "badgefed.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    blocks = light if scheme == "light" else light + dark
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_colours_have_contrast(scheme: str, text: str, ground: str, least: float) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= least


def test_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
