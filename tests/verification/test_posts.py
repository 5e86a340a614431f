"""Posts of the Fediverse as the way to a badge."""

from __future__ import annotations

import json

import pytest

from badgefed.errors import Unprocessable
from badgefed.net.transport import Request, Response
from badgefed.verification.results import Kind, Verdict
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.verification.school import Document, School
from tests.verification.test_openbadges2 import ASSERTION, BASE, documents
from tests.world import Network, answer

POST = "https://school.example/posts/1"


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


def post(school: School, **members: object) -> Document:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": POST,
        "type": "Note",
        "attributedTo": school.url("/users/art"),
        "content": "A badge!",
    } | members


def link(url: str, media_type: str) -> Document:
    return {"type": "Link", "rel": "related", "href": url, "mediaType": media_type}


async def test_the_credential_that_it_links_to(services: Services, school: School) -> None:
    school.documents[school.url("/credentials/1")] = school.credential()
    note = post(
        school,
        tag=[
            {"type": "Mention", "href": "https://social.example/users/ann"},
            link(school.url("/assertions/1"), "application/ld+json"),
            link(school.url("/credentials/1"), "application/vc+ld+json"),
        ],
    )
    school.documents[POST] = note
    for presented in (POST, json.dumps(note), json.dumps({"type": "Create", "id": POST, "object": note})):
        result = await verify(services, presented)
        assert (result.verdict, result.kind) == (Verdict.WARNING, Kind.OB3_PROOF)
        assert result.source == school.url("/credentials/1")


async def test_the_assertion_that_badgefed_attaches(services: Services, network: Network) -> None:
    """Inside of posts BadgeFed writes `_context`; what counts is the Assertion at its address."""
    assertion = {name: value for name, value in documents()[ASSERTION].items() if name != "@context"}
    note = {
        "id": f"{BASE}/grant/1",
        "type": "Note",
        "attributedTo": f"{BASE}/actors/makers",
        "attachment": [
            {"type": "Image", "url": f"{BASE}/image.png"},
            assertion | {"_context": "https://w3id.org/openbadges/v2", "issuedOn": "1999-01-01T00:00:00Z"},
        ],
    }
    served = documents() | {f"{BASE}/grant/1": note}

    async def handle(request: Request) -> Response:
        found = served.get(request.url)
        return answer(200 if found else 404, json.dumps(found).encode(), "application/json")

    network.mount("makers.example", handle)
    result = await verify(services, f"{BASE}/grant/1")
    assert (result.verdict, result.kind) == (Verdict.WARNING, Kind.OB2_HOSTED)
    assert result.document["issuedOn"] == "2025-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "no badge"),
        ({"tag": [link(ASSERTION, "application/ld+json")]}, "another server, makers.example"),
        ({"openbadges:assertion": documents()[ASSERTION]}, "another server"),
        (
            {
                "attributedTo": "https://famous.example/users/dean",
                "tag": [link("https://school.example/credentials/1", "application/vc+ld+json")],
            },
            "author on another server",
        ),
        (
            {
                "tag": [
                    link(
                        "https://school.example/credentials/1",
                        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
                    )
                ]
            },
            "no badge",
        ),
    ],
)
async def test_a_post_speaks_for_its_own_server_only(
    services: Services, school: School, network: Network, members: Document, reason: str
) -> None:
    school.documents[POST] = post(school, **members)
    with pytest.raises(Unprocessable, match=reason):
        await verify(services, POST)
    assert [request.url for request in network.requests] == [POST]


@pytest.mark.usefixtures("world")
async def test_a_server_that_shows_posts_to_known_servers_only(
    services: Services, school: School, network: Network
) -> None:
    school.documents[school.url("/credentials/1")] = school.credential()
    note = post(school, tag=[link(school.url("/credentials/1"), "application/vc+ld+json")])
    inner = network.handlers[school.host]

    async def handle(request: Request) -> Response:
        if request.url != POST:
            return await inner(request)
        if "Signature" not in request.headers:
            return answer(401, b"", "text/plain")
        return answer(200, json.dumps(note).encode(), "application/activity+json")

    network.mount(school.host, handle)
    assert (await verify(services, POST)).verdict is Verdict.WARNING


async def test_posts_that_lead_in_circles(services: Services, school: School) -> None:
    school.documents[POST] = post(school, tag=[link(POST, "application/ld+json")])
    with pytest.raises(Unprocessable, match="from link to link"):
        await verify(services, POST)
