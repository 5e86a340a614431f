"""Registrations at other servers and sign-ins under way, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from badgefed.model.times import DAY, MINUTE
from badgefed.store import oauth_apps, oauth_sign_ins
from badgefed.store.database import Database
from badgefed.store.oauth_apps import OauthApp
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.work.clean import schedule_cleaning
from badgefed.work.fediverse_sign_in import hash_state, take
from badgefed.work.services import Services
from tests.workers import run_until_idle
from tests.world import START, Clock

APP = OauthApp(
    host="social.example",
    issuer="https://social.example/",
    names_itself=True,
    authorization_endpoint="https://social.example/oauth/authorize",
    token_endpoint="https://social.example/oauth/token",
    revocation_endpoint="https://social.example/oauth/revoke",
    userinfo_endpoint=None,
    account_endpoint="https://social.example/api/v1/accounts/verify_credentials",
    scope="profile",
    client_id="first",
    sealed_secret=b"\x00\xff",
    unanswered=0,
    registered_at=START,
    used_at=START,
    expires_at=None,
)
SIGN_IN = SignIn(
    purpose=Purpose.ACCEPT,
    host="social.example",
    client_id="first",
    actor_id="https://social.example/users/amara",
    handle=None,
    sealed_verifier=b"\x01\x02",
    payload={"grant": 7, "visibility": "public"},
    is_repeat=False,
    expires_at=START + 10 * MINUTE,
)


async def register(database: Database, app: OauthApp, replaces: OauthApp | None = None) -> OauthApp | None:
    await database.write(lambda tx: oauth_apps.replace_app(tx, app, replaces=replaces))
    return await oauth_apps.find_app(database, app.host)


async def test_what_is_stored_comes_back(any_database: Database) -> None:
    assert await register(any_database, APP) == APP
    await any_database.write(lambda tx: oauth_sign_ins.add_sign_in(tx, "h", SIGN_IN))
    assert await any_database.write(lambda tx: oauth_sign_ins.take_sign_in(tx, "h", now=START)) == SIGN_IN


async def test_of_two_registrations_at_once_the_first_stays(any_database: Database) -> None:
    second, third = replace(APP, client_id="second"), replace(APP, client_id="third")
    await register(any_database, APP)
    assert await register(any_database, second) == APP
    assert await register(any_database, second, replaces=APP) == second
    assert await register(any_database, third, replaces=APP) == second


async def test_only_the_registration_that_was_forgotten_is_deleted(any_database: Database) -> None:
    await register(any_database, APP)
    await any_database.write(lambda tx: oauth_apps.delete_app(tx, APP.host, "another"))
    assert await oauth_apps.find_app(any_database, APP.host) == APP
    await any_database.write(lambda tx: oauth_apps.delete_app(tx, APP.host, "first"))
    assert await oauth_apps.find_app(any_database, APP.host) is None


async def test_departures_are_counted_until_somebody_returns(any_database: Database) -> None:
    await register(any_database, APP)
    for _ in range(2):
        await any_database.write(lambda tx: oauth_apps.note_departure(tx, APP.host, now=START + 1))
    left = await oauth_apps.find_app(any_database, APP.host)
    await any_database.write(lambda tx: oauth_apps.note_return(tx, APP.host))
    assert left == replace(APP, unanswered=2, used_at=START + 1)
    assert await oauth_apps.find_app(any_database, APP.host) == replace(APP, used_at=START + 1)


async def test_of_ten_who_bring_one_state_one_takes_the_sign_in(any_services: Services) -> None:
    state = "s" * 43
    database = any_services.database
    await database.write(lambda tx: oauth_sign_ins.add_sign_in(tx, hash_state(state), SIGN_IN))
    taken = await asyncio.gather(*(take(any_services, state) for _ in range(10)))
    assert [one for one in taken if one is not None] == [SIGN_IN]


async def test_the_hourly_cleaning_forgets_what_nobody_needs(any_services: Services, clock: Clock) -> None:
    database = any_services.database
    fresh = replace(SIGN_IN, expires_at=START + 100 * DAY)
    await register(database, APP)
    await register(database, replace(APP, host="busy.example", used_at=START + 50 * DAY))
    await database.write(lambda tx: oauth_sign_ins.add_sign_in(tx, "old", SIGN_IN))
    await database.write(lambda tx: oauth_sign_ins.add_sign_in(tx, "new", fresh))
    clock.advance(91 * 24 * 3600)
    await schedule_cleaning(any_services)
    await run_until_idle(any_services)
    apps = await database.all("SELECT host FROM oauth_apps")
    sign_ins = await database.all("SELECT state_hash FROM oauth_sign_ins")
    assert apps == [{"host": "busy.example"}]
    assert sign_ins == [{"state_hash": "new"}]
