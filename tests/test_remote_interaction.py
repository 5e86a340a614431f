"""Following and sharing from one's own server, and what guards the way there."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from badgefed.model.visibility import Visibility
from badgefed.net.transport import Request, Response
from badgefed.protocol.remote_interaction import (
    CREATE,
    FOLLOW,
    OBJECT,
    SUBSCRIBE,
    Deed,
    is_at_home,
    read_templates,
)
from badgefed.store import blocks
from badgefed.store.blocks import BlockKind
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import publish
from tests.html_pages import Page, check_page
from tests.lookers import STATES, browse, grant_in, mount_webfinger
from tests.world import Network, answer

HOST = "social.example"
ACTOR = f"https://{HOST}/users/me"
MASTODON = f"https://{HOST}/authorize_interaction?uri={{uri}}"


def jrd(*links: tuple[str, str], subject: str = f"acct:me@{HOST}", actor: str = ACTOR) -> dict[str, Any]:
    own = {"rel": "self", "type": "application/activity+json", "href": actor}
    return {"subject": subject, "links": [own, *({"rel": rel, "template": text} for rel, text in links)]}


async def send(
    client: httpx.AsyncClient, path: str, handle: str, *, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Sends the form of a page."""
    page = check_page(await client.get(path))
    return await client.post(
        path,
        data={"handle": handle, "token": page.value("token")},
        headers={"origin": BASE, **(headers or {})},
    )


def way_out(response: httpx.Response) -> str:
    """The one link of a page that leads elsewhere."""
    page = check_page(response)
    (link,) = [a.get("href") for a in page.all("a") if not a.get("href").startswith(("/", "#", BASE))]
    return link


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([(SUBSCRIBE, MASTODON)], "/authorize_interaction?uri={actor}"),
        ([(SUBSCRIBE, MASTODON), (FOLLOW, f"https://{HOST}/f?o={{object}}")], "/f?o={actor}"),
        ([(OBJECT, f"https://{HOST}/o?x={{object}}"), (SUBSCRIBE, MASTODON)], "/o?x={actor}"),
        ([(FOLLOW, f"https://{HOST}/f/{{object}}?then={{on-success}}")], "/f/{actor}?then="),
    ],
)
async def test_an_issuer_is_followed_at_ones_own_server(
    services: Services, world: World, network: Network, links: list[tuple[str, str]], expected: str
) -> None:
    mount_webfinger(network, HOST, jrd(*links))
    async with browse(services) as client:
        response = await send(client, "/follow/org", f"@me@{HOST}")
    assert response.status_code == 200
    assert way_out(response) == f"https://{HOST}" + expected.format(
        actor=quote(world.issuer.actor_id, safe="")
    )
    assert f"On to {HOST}" in response.text
    assert "refresh" not in response.text
    assert response.headers["cache-control"] == "no-store"


async def test_the_issuers_page_has_the_form(services: Services, world: World, network: Network) -> None:
    mount_webfinger(network, HOST, jrd((SUBSCRIBE, MASTODON)))
    async with browse(services) as client:
        page = check_page(await client.get(world.issuer.actor_id))
        form = {"handle": f"me@{HOST}", "token": page.value("token")}
        response = await client.post(page.all("form", method="post")[0].get("action"), data=form)
    assert way_out(response).startswith(f"https://{HOST}/authorize_interaction?uri=")


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([(CREATE, f"https://{HOST}/share?text={{content}}"), (SUBSCRIBE, MASTODON)], "/share?text={text}"),
        ([(SUBSCRIBE, MASTODON)], "/authorize_interaction?uri={note}"),
    ],
)
async def test_an_award_is_shared_at_ones_own_server(
    services: Services, world: World, network: Network, links: list[tuple[str, str]], expected: str
) -> None:
    mount_webfinger(network, HOST, jrd(*links))
    grant = await publish(services, world)
    async with browse(services) as client:
        response = await send(client, f"/share/{grant.uuid}", f"@me@{HOST}")
    text = f"Advanced Training · The Organization\n{BASE}/awards/{grant.uuid}"
    filled = expected.format(text=quote(text, safe=""), note=quote(grant.note_uri, safe=""))
    assert way_out(response) == f"https://{HOST}{filled}"


@pytest.mark.parametrize("state", STATES)
async def test_only_what_may_be_seen_can_be_shared(services: Services, world: World, state: str) -> None:
    grant = await grant_in(services, world, state)
    async with browse(services) as client:
        response = await client.get(f"/share/{grant.uuid}")
    is_seen = state in ("public", "unlisted", "suspended", "no issuer")
    assert response.status_code == (200 if is_seen else 404)


HOSTILE = [
    "https://evil.example/authorize?uri={uri}",
    "https://social.example.evil.example/?uri={uri}",
    "https://evilsocial.example/?uri={uri}",
    "https://social.example@evil.example/?uri={uri}",
    "https://{uri}/",
    "https://social.example{uri}",
    "https://social.example:8443/?uri={uri}",
    "http://social.example/?uri={uri}",
    "javascript:alert(1)//{uri}",
    "//evil.example/{uri}",
    "https://social.example\\@evil.example/{uri}",
    "https://social.example/no-place",
    "https://example/?uri={uri}",
    "https://other.example/?uri={uri}",
    "https://social.example/\n?uri={uri}",
    'https://social.example/"><script>?uri={uri}',
    "https://social.example/?" + "x" * 3000 + "{uri}",
    "",
]


@pytest.mark.parametrize("template", [*HOSTILE, None, 1, {}], ids=lambda template: str(template)[:40])
async def test_nobody_is_sent_elsewhere(
    services: Services, world: World, network: Network, template: Any
) -> None:
    mount_webfinger(network, HOST, jrd((SUBSCRIBE, template)))
    async with browse(services) as client:
        response = await send(client, "/follow/org", f"@me@{HOST}")
    assert response.status_code == 422
    page = check_page(response)
    assert "has no page for this" in page.text
    assert page.value("handle") == f"@me@{HOST}"
    assert f"@org@{BASE.removeprefix('https://')}" in page.text
    assert [
        a.get("href") for a in page.all("a") if "example" in a.get("href") and BASE not in a.get("href")
    ] == []


@pytest.mark.parametrize(
    ("host", "home", "expected"),
    [
        ("social.example", "social.example", True),
        ("www.social.example", "social.example", True),
        ("example.org", "social.example.org", True),
        ("a.example.org", "b.example.org", False),
        ("example", "social.example", False),
        ("xsocial.example", "social.example", False),
        ("social.example:444", "social.example", False),
        ("social.example:444", "social.example:444", True),
        ("a.social.example:444", "social.example:444", False),
    ],
)
def test_what_is_at_home(host: str, home: str, expected: bool) -> None:
    assert is_at_home(host, home) is expected


@pytest.mark.parametrize("confirms", [True, False])
async def test_a_handle_on_another_host_needs_both_to_agree(
    services: Services, world: World, network: Network, confirms: bool
) -> None:
    """As with a server at `masto.other.example` for handles of `home.example`."""
    actor = "https://masto.other.example/users/me"
    there = (SUBSCRIBE, "https://masto.other.example/i?uri={uri}")
    subject = "acct:me@home.example"
    mount_webfinger(network, "home.example", jrd(there, subject=subject, actor=actor))
    said = subject if confirms else "acct:you@home.example"
    mount_webfinger(network, "masto.other.example", jrd(there, subject=said, actor=actor))
    async with browse(services) as client:
        response = await send(client, "/follow/org", "@me@home.example")
    assert response.status_code == (200 if confirms else 422)
    assert ("https://masto.other.example/i?uri=" in response.text) is confirms


@pytest.mark.parametrize(
    ("handle", "text"),
    [
        ("", "Enter your own"),
        ("me", "no Fediverse handle"),
        ("https://social.example/@me", "no Fediverse handle"),
        ("@me@social.example/../x", "no Fediverse handle"),
        ("@me@evil.example#@social.example", "no Fediverse handle"),
        ("<script>alert(1)</script>", "no Fediverse handle"),
        ("@" + "m" * 500 + "@social.example", "no Fediverse handle"),
        ("@org@badges.example", "handle of this server"),
    ],
)
async def test_what_is_no_handle_comes_back_with_what_was_typed(
    services: Services, world: World, network: Network, handle: str, text: str
) -> None:
    async with browse(services) as client:
        response = await send(client, "/follow/org", handle)
    page = check_page(response)
    assert response.status_code == 400
    assert text in page.text
    assert page.value("handle") == handle[:320]
    assert "<script>alert" not in page.html
    assert network.requests == []


async def test_a_server_that_does_not_answer(services: Services, world: World, network: Network) -> None:
    async def fail(_: Request) -> Response:
        return answer(500)

    network.mount(HOST, fail)
    async with browse(services) as client:
        broken = await send(client, "/follow/org", f"@me@{HOST}")
        missing = await send(client, "/follow/org", "@me@nowhere.example")
    for response in (broken, missing):
        assert response.status_code == 422
        assert "Your server could not be asked" in check_page(response).text


async def test_a_blocked_server_is_not_asked(services: Services, world: World, network: Network) -> None:
    await services.database.write(lambda tx: blocks.add_block(tx, BlockKind.HOST, HOST, now=services.clock()))
    async with browse(services) as client:
        response = await send(client, "/follow/org", f"@me@{HOST}")
    assert response.status_code == 422
    assert "blocked by this server" in response.text
    assert network.requests == []


async def test_the_form_is_ours_and_sending_it_has_a_limit(
    services: Services, world: World, network: Network
) -> None:
    mount_webfinger(network, HOST, jrd((SUBSCRIBE, MASTODON)))
    handle = f"@me@{HOST}"
    async with browse(services) as client:
        foreign = await send(client, "/follow/org", handle, headers={"sec-fetch-site": "cross-site"})
        other = await send(client, "/follow/org", handle, headers={"origin": "https://evil.example"})
        without = await client.post("/follow/org", data={"handle": handle})
        read = await client.get("/follow/org", params={"handle": handle})
        assert network.requests == []
        statuses = [(await send(client, "/follow/org", handle)).status_code for _ in range(11)]
    assert [foreign.status_code, other.status_code, without.status_code] == [403, 403, 403]
    assert read.status_code == 200
    assert statuses == [200] * 10 + [429]


async def test_there_is_no_following_of_nobody(services: Services, world: World) -> None:
    async with browse(services) as client:
        assert (await client.get("/follow/nobody")).status_code == 404
        assert (await client.get("/share/nothing")).status_code == 404


@pytest.mark.parametrize(
    "links", [None, {}, "x", [None, 1, {"rel": SUBSCRIBE}], [{"rel": [], "template": MASTODON}]]
)
def test_a_strange_document_has_no_templates(links: Any) -> None:
    assert read_templates({"links": links}, Deed.FOLLOW) == []


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED])
async def test_the_award_page_has_all_ways_to_share(
    services: Services, world: World, visibility: Visibility
) -> None:
    await services.database.write(lambda tx: tx.execute("UPDATE badges SET title = 'A [b] *c* <i>\"d\"'"))
    grant = await publish(services, world, visibility=visibility)
    async with browse(services) as client:
        page = check_page(await client.get(f"/awards/{grant.uuid}"))
        also = check_page(await client.get(f"/awards/{grant.uuid}/share"))
    label = f"{BASE}/award-label/{grant.uuid}.svg"
    for one in (page, also):
        codes = [code.text for code in one.all("code")]
        assert rf'[![A \[b\] \*c\* \<i\>"d"]({label})]({BASE}/awards/{grant.uuid})' in codes
        frames = [code for code in codes if code.startswith("<iframe")]
        assert len(frames) == (1 if visibility is Visibility.PUBLIC else 0)
        assert _is_closed(Page, [code for code in codes if code.startswith(("<a", "<iframe"))])
    found = [link.get("href") for link in page.all("link", rel="alternate") if "oembed" in link.get("type")]
    assert len(found) == (2 if visibility is Visibility.PUBLIC else 0)


async def test_linkedin_gets_the_issuers_name_where_it_knows_no_page_of_it(
    services: Services, world: World
) -> None:
    grant = await publish(services, world)
    async with browse(services) as client:
        page = check_page(await client.get(grant.note_uri))
    (link,) = [a.get("href") for a in page.all("a") if a.text == "Add to LinkedIn"]
    values = parse_qs(urlsplit(link).query)
    assert values["organizationName"] == ["The Organization"]
    assert values["certId"] == [grant.code]
    assert "organizationId" not in values


def _is_closed(page: type[Page], snippets: list[str]) -> bool:
    """Whether each is HTML whose elements are closed, without any that came from a title."""
    return all(
        {element.tag for element in page(html=text).elements} <= {"a", "img", "iframe"} for text in snippets
    )
