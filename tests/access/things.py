"""What the organization of the access table has, and how the routes' parameters are called in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from badgefed.app import create_app
from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.visibility import Visibility
from badgefed.store.grants import find_grant
from badgefed.work.accept_links import accept_url, manage_url, unsubscribe_url
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.issuers_api import ISSUED_ON, code_in, last_letter, link_in
from tests.workers import run_until_idle
from tests.world import Mailbox

SECRET = "secret.example"
"""In all that only the organization and its recipients may see."""
JANE = f"jane@{SECRET}"
ANN = "ann@example.org"
PROOF = Proof(kind=ProofKind.MAIL_LINK, details={})

_SVG = (
    "SELECT sha256 AS value FROM images JOIN renditions ON rendition_id = images.id"
    " WHERE image_id = ? AND renditions.kind = 'svg'"
)

NOTHING = "00000000-0000-7000-8000-000000000000"

Names = Mapping[str, Mapping[str, str]]
"""What a parameter stands for, by the beginning of the route; the longest beginning counts."""


async def offer(services: Services, world: World, email: str) -> Grant:
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, email=email, name="Jane")
    return (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant


async def publish(services: Services, world: World, email: str, visibility: Visibility) -> Grant:
    """A processed grant."""
    grant = await offer(services, world, email)
    await services.database.write(
        lambda tx: grants.accept(tx, grant.id, visibility=visibility, proof=PROOF, now=services.clock())
    )
    await run_until_idle(services)
    found = await find_grant(services.database, grant.id)
    assert found is not None
    return found


async def _suspend(services: Services, grant: Grant) -> None:
    await services.database.write(
        lambda tx: grants.suspend(tx, grant.id, reason="Asked", now=services.clock())
    )


async def fill(services: Services, world: World, key: str, mailbox: Mailbox) -> Names:
    """Something of everything, some of it made through the APIs."""
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"X-ApiKey": key}) as client:
        made = await _make_by_api(client, services, world, mailbox)
        shown = await publish(services, world, ANN, Visibility.PUBLIC)
        held = await publish(services, world, JANE, Visibility.PRIVATE)
        waiting = await offer(services, world, f"ben@{SECRET}")
        suspended = await publish(services, world, f"carl@{SECRET}", Visibility.PRIVATE)
        await _suspend(services, suspended)
        await run_until_idle(services)
        deliveries = await _get(client, f"/api/webhooks/{made['webhook']}/deliveries")
        made["delivery"] = deliveries["deliveries"][0]["id"]
    made["status list"] = await _one(services, "SELECT uuid AS value FROM status_lists")
    made["key"] = await _one(services, "SELECT uuid AS value FROM api_keys WHERE id = 1")
    made["svg"] = await _one(services, _SVG, world.badge.image_id)
    made["image"] = await _one(
        services, f"SELECT sha256 AS value FROM images WHERE id = {world.badge.image_id}"
    )
    links = {
        "accept": accept_url(services, waiting, ProofKind.LINK),
        "manage": manage_url(services, held),
        "unsubscribe": unsubscribe_url(services, waiting),
    }
    made |= {name: url.rpartition("/")[2] for name, url in links.items()}
    return _name(world, made, shown=shown, held=held, waiting=waiting, suspended=suspended)


async def _make_by_api(
    client: httpx.AsyncClient, services: Services, world: World, mailbox: Mailbox
) -> dict[str, str]:
    hook = {"url": f"https://{SECRET}/hooks", "events": ["grant.created"], "description": SECRET}
    webhook = (await _post(client, "/api/webhooks", hook))["webhook"]["id"]
    issuer = {"name": "A School", "url": "https://school.example", "email": f"school@{SECRET}"}
    issuer_id = (await _post(client, "/issuers", issuer))["info"]["issuerId"].rpartition("/")[2]
    letter = await last_letter(services, mailbox)
    recipient = {"name": "Eve Example", "email": f"eve@{SECRET}"}
    award = {"badgeId": world.badge.uuid, "recipient": recipient, "issuedOn": ISSUED_ON}
    award_id = (await _post(client, "/awards", award))["info"]["awardId"].rpartition("/")[2]
    rows = {"badge": str(world.badge.id), "rows": [{"email": f"dan@{SECRET}"}]}
    bulk = (await _post(client, "/api/bulk", rows))["bulk"]["id"]
    credential = {"badgeId": world.badge.uuid, "recipient": {"name": "Finn", "email": f"finn@{SECRET}"}}
    issued = await _post(client, "/api/v1/credentials", credential)
    await run_until_idle(services)
    return {
        "webhook": webhook,
        "issuer": issuer_id,
        "code": code_in(letter),
        "verify": link_in(letter).rpartition("/")[2],
        "award": award_id,
        "bulk": bulk,
        "credential": issued["credentialId"],
    }


async def _get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def _post(client: httpx.AsyncClient, path: str, body: object) -> dict[str, Any]:
    response = await client.post(path, json=body)
    assert response.status_code in (200, 201), response.text
    answer: dict[str, Any] = response.json()
    return answer


async def _one(services: Services, sql: str, *values: int) -> str:
    row = await services.database.one(sql, *values)
    assert row is not None
    return str(row["value"])


def _name(
    world: World, made: Mapping[str, str], *, shown: Grant, held: Grant, waiting: Grant, suspended: Grant
) -> Names:
    badge, issuer = world.badge, world.issuer
    public = {"username": issuer.username, "note_id": shown.note_id, "uuid": shown.uuid}
    return {
        "/": {**public, "organization": "org", "badge": badge.slug, "badge_id": str(badge.id)},
        "/actor/{username}/quotes": {"uuid": NOTHING},
        "/nodeinfo": {"version": "2.1"},
        "/images": {"sha256": made["image"]},
        "/images/{sha256}.svg": {"sha256": made["svg"]},
        "/certify-badge/badge": {"uuid": badge.uuid, "version": "1"},
        "/certify-badge/issuer": {"uuid": issuer.uuid, "number": "1"},
        "/status-lists": {"uuid": made["status list"]},
        "/verify": {"identifier": shown.code},
        "/tags": {"name": "training"},
        "/static": {"version": "0", "path": "badgefed.css"},
        "/accept/grant": {"grant_id": str(waiting.id), "key": made["accept"]},
        "/grants": {"grant_id": str(held.id), "key": made["manage"]},
        "/unsubscribe": {"grant_id": str(waiting.id), "key": made["unsubscribe"]},
        "/verify-issuer": {"uuid": made["issuer"], "key": made["verify"]},
        "/sign-in/fediverse": {"host": "social.example"},
        "/console/o": {"organization": "org", "uuid": held.uuid, "issuer": issuer.uuid},
        "/console/o/{organization}/badges": {"uuid": badge.uuid},
        "/console/o/{organization}/issuers": {"uuid": issuer.uuid},
        "/console/o/{organization}/lists": {"uuid": made["bulk"]},
        "/console/o/{organization}/webhooks": {"webhook": made["webhook"], "delivery": made["delivery"]},
        "/sitemaps": {"kind": "badges", "number": "0"},
        "/me": {"uuid": held.uuid, "ending": "json"},
        "/api/badges": {"badgeId": str(badge.id), "noteId": held.note_id},
        "/api/badges/grant/{noteId}/reinstate": {"noteId": suspended.note_id},
        "/api/verify": {"id": shown.code},
        "/api/embed": {"id": shown.code},
        "/api/bulk": {"bulkId": made["bulk"]},
        "/api/webhooks": {"webhookId": made["webhook"], "deliveryId": made["delivery"]},
        "/api/v1": {"badgeId": badge.uuid, "id": made["credential"]},
        "/api/organizations": {
            "orgId": "org",
            "badgeId": badge.uuid,
            "id": made["credential"],
            "keyId": made["key"],
        },
        "/api/credentials": {"id": shown.code},
        "/issuers/{issuerId}": {"issuerId": made["issuer"]},
        "/badges": {"badgeId": badge.uuid},
        "/awards": {"awardId": made["award"], "uuid": shown.uuid},
        "bodies": {
            "issuer": issuer.uuid,
            "shown": shown.code,
            "code": made["code"],
            "badge": badge.uuid,
            "badge_id": str(badge.id),
        },
    }
