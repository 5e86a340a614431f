"""How peers find our actors and learn what this server is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import jsonschema
import pytest

from badgefed import __version__
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.protocol.nodeinfo import Version
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import browse, delete_issuer, fetch, offer, publish, revoke
from tests.protocol.test_nodeinfo import schema
from tests.world import Clock

ACTOR = f"{BASE}/actor/org"
SUBJECT = "acct:org@badges.example"
JRD = "application/jrd+json"

# Forms of `resource`, as they stand in the query.
ORG = [
    "acct:org@badges.example",
    "acct%3Aorg%40badges.example",
    "acct%253Aorg%2540badges.example",
    "acct:ORG@Badges.Example",
    "ACCT:org@badges.example",
    "acct:org@badges.example.",
    "acct:org@badges.example:443",
    "org@badges.example",
    "@org@badges.example",
    ACTOR,
    quote(ACTOR, safe=""),
    f"{BASE}/@org",
]
INSTANCE = ["acct:badges.example@badges.example", f"{BASE}/", BASE, f"{BASE}/actor"]


async def find(client: httpx.AsyncClient, resource: str, more: str = "") -> httpx.Response:
    return await client.get(f"/.well-known/webfinger?resource={resource}{more}")


class TestWebFinger:
    async def test_every_form_leads_to_the_one_actor(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            for resource in ORG:
                response = await find(client, resource)
                assert response.status_code == 200, resource
                assert response.headers["content-type"] == JRD
                assert response.headers["access-control-allow-origin"] == "*"
                assert response.json()["subject"] == SUBJECT
                assert _self_link(response.json()) == ACTOR

    async def test_the_round_trip_from_an_actor_ends_at_the_actor(
        self, services: Services, world: World
    ) -> None:
        async with browse(services) as client:
            for url in (ACTOR, f"{BASE}/actor"):
                actor = await fetch(client, url)
                for name in (f"acct:{actor['preferredUsername']}@badges.example", actor["webfinger"]):
                    jrd = (await find(client, name)).json()
                    assert _self_link(jrd) == actor["id"]
                    assert jrd["subject"] == f"acct:{actor['webfinger']}"
                    again = (await find(client, jrd["subject"])).json()
                    assert again == jrd

    async def test_the_server_itself_is_found(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            for resource in INSTANCE:
                jrd = (await find(client, resource)).json()
                assert jrd["subject"] == "acct:badges.example@badges.example", resource
                assert _self_link(jrd) == f"{BASE}/actor"

    @pytest.mark.parametrize(
        ("resource", "status"),
        [
            ("acct:nobody@badges.example", 404),
            ("acct:org@elsewhere.example", 404),
            ("https://elsewhere.example/actor/org", 404),
            (f"{BASE}/actor/nobody", 404),
            (f"{BASE}/certify-badge", 404),
            ("acct:org@badges.example:8443", 404),
            ("", 400),
            ("org", 400),
            ("acct:@badges.example", 400),
            ("acct:" + "a" * 3000 + "@badges.example", 400),
        ],
    )
    async def test_what_is_not_ours_or_no_resource(
        self, services: Services, world: World, resource: str, status: int
    ) -> None:
        async with browse(services) as client:
            response = await find(client, resource)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["access-control-allow-origin"] == "*"

    async def test_a_resource_is_required(self, services: Services) -> None:
        async with browse(services) as client:
            assert (await client.get("/.well-known/webfinger")).status_code == 400

    async def test_a_deleted_issuer_is_gone(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            for resource in ("acct:org@badges.example", ACTOR):
                assert (await find(client, resource)).status_code == 200
            await delete_issuer(services, world)
            for resource in ("acct:org@badges.example", ACTOR):
                assert (await find(client, resource)).status_code == 410

    async def test_links_can_be_asked_for_by_relation(self, services: Services, world: World) -> None:
        avatar = "http://webfinger.net/rel/avatar"
        async with browse(services) as client:
            one = (await find(client, SUBJECT, "&rel=self")).json()
            two = (await find(client, SUBJECT, f"&rel=self&rel={avatar}")).json()
            none = (await find(client, SUBJECT, "&rel=unheard-of")).json()
        assert [link["rel"] for link in one["links"]] == ["self"]
        assert [link["rel"] for link in two["links"]] == ["self", avatar]
        assert (none["subject"], none["links"]) == (SUBJECT, [])

    async def test_its_picture_and_page_are_there(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            links = (await find(client, SUBJECT)).json()["links"]
            for link in links[1:]:
                response = await client.get(link["href"], headers={"accept": link["type"]})
                assert response.status_code == 200
                assert response.headers["content-type"].partition(";")[0] == link["type"]


def _self_link(jrd: dict[str, Any]) -> str:
    """The address of the one self link, which comes first."""
    [link] = [link for link in jrd["links"] if link["rel"] == "self"]
    assert jrd["links"][0] == link
    assert link["type"] == "application/activity+json"
    href: str = link["href"]
    return href


async def test_host_meta_leads_to_webfinger(services: Services, world: World) -> None:
    async with browse(services) as client:
        xrd = await client.get("/.well-known/host-meta")
        jrd = await client.get("/.well-known/host-meta.json")
        assert xrd.headers["content-type"] == "application/xrd+xml"
        link = ElementTree.fromstring(xrd.content).find("{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link")
        assert link is not None
        assert link.get("rel") == "lrdd"
        template = link.get("template") or ""
        assert [entry["template"] for entry in jrd.json()["links"]] == [template]
        found = await client.get(template.replace("{uri}", quote(SUBJECT)))
    assert _self_link(found.json()) == ACTOR


class TestNodeInfo:
    async def test_the_documents_are_where_the_links_say(self, services: Services, world: World) -> None:
        await publish(services, world)
        async with browse(services) as client:
            links = (await fetch(client, "/.well-known/nodeinfo"))["links"]
            for version, link in zip(("2.1", "2.0"), links, strict=False):
                assert link["rel"] == f"http://nodeinfo.diaspora.software/ns/schema/{version}"
                response = await client.get(link["href"])
                jsonschema.validate(response.json(), schema(Version(version)))
                assert response.headers["content-type"] == (
                    f'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/{version}#"'
                )
                assert response.json()["software"] == {"name": "badgefed", "version": __version__}
                assert response.json()["openRegistrations"] is False
            application = links[2]
            assert application["rel"] == "https://www.w3.org/ns/activitystreams#Application"
            assert (await fetch(client, application["href"]))["type"] == "Application"
            assert (await client.get("/nodeinfo/1.0")).status_code == 404

    async def test_it_counts_what_everybody_may_see(
        self, any_services: Services, any_world: World, clock: Clock
    ) -> None:
        await publish(any_services, any_world, "public")
        await publish(any_services, any_world, "unlisted", Visibility.UNLISTED)
        await publish(any_services, any_world, "private", Visibility.PRIVATE)
        await revoke(any_services, await publish(any_services, any_world, "revoked"))
        await offer(any_services, any_world, "pending")
        async with browse(any_services) as client:
            for days, month, half_year in ((0, 1, 1), (31, 0, 1), (181, 0, 0)):
                clock.now += days * DAY
                usage = (await fetch(client, "/nodeinfo/2.1"))["usage"]
                assert usage == {
                    "users": {"total": 1, "activeMonth": month, "activeHalfyear": half_year},
                    "localPosts": 1,
                }
            await delete_issuer(any_services, any_world)
            clock.advance(60)
            assert (await fetch(client, "/nodeinfo/2.1"))["usage"]["users"]["total"] == 0
