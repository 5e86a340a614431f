"""The world of the forms: an organization in which every form of the pages has something to act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from badgefed.issuing import accounts, domains, grants, holders, people, profiles, public_profiles, sessions
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.external_badges import import_badge
from badgefed.issuing.holders import load_holder
from badgefed.issuing.organizations import create_user
from badgefed.issuing.public_profiles import Wanted
from badgefed.model.audit import SYSTEM, author_of_user
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.holder import HolderLinkKind
from badgefed.model.organization import Membership, Role, User
from badgefed.model.recipient import email_alias
from badgefed.model.session import LinkKind, SignInMethod, Visitor
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.net.transport import Request, Response
from badgefed.protocol.remote_interaction import SUBSCRIBE
from badgefed.store import account_links, bulk_drafts, profile_challenges, users
from badgefed.store import holders as stored_holders
from badgefed.store.database import Transaction
from badgefed.store.profile_challenges import Challenge
from badgefed.web.console.access import SESSION_COOKIE
from badgefed.web.cookies import sign_value
from badgefed.web.me.visits import COOKIE as HOLDER_COOKIE
from badgefed.work.accept_links import manage_url
from badgefed.work.account_links import invitation_url, link_url
from badgefed.work.holder_links import hash_token
from badgefed.work.profile_codes import profile_code
from badgefed.work.services import Services
from tests.access.things import Names, fill, offer, publish
from tests.conftest import World
from tests.console import PASSWORD
from tests.forms.rows import Sender
from tests.lookers import mount_webfinger
from tests.oauth_server import OauthServer
from tests.test_console_federation import follow, pause, send
from tests.test_fediverse_sign_in import mount as mount_server
from tests.verification.school import EMAIL, School
from tests.workers import run_until_idle
from tests.world import Mailbox, Network, Records, answer

HOST = "social.example"
SIGN_IN_HOST = "mastodon.example"
SITE = "https://club.example/"
DOMAIN = "club.example"
PAT = "pat@example.org"
HOLDER_LINK = "a-link-of-a-holder"
PROFILE = Wanted(handle="amara", name="Amara", bio="", links=[SITE], is_public=True, is_indexed=False)
_CONSOLE = "__Host-badgefed-console"
_BROWSER = Visitor(device="tests", network="192.0.2.9")
_ACTOR = f"https://{HOST}/users/me"
_WEBFINGER = {
    "subject": f"acct:me@{HOST}",
    "links": [
        {"rel": "self", "type": "application/activity+json", "href": _ACTOR},
        {"rel": SUBSCRIBE, "template": f"https://{HOST}/authorize_interaction?uri={{uri}}"},
    ],
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`names`: what stands in braces in the table, by the route's beginning; `cookies` are those of who is signed in."""

    names: Names
    cookies: Mapping[Sender, Mapping[str, str]]
    record: tuple[str, str]


def mount(network: Network, world: World) -> School:
    """The servers elsewhere: a school with badges, a website that links back, a server of the Fediverse."""

    async def site(_: Request) -> Response:
        own = (world.issuer.actor_id, "https://badges.example/u/amara")
        links = "".join(f'<a rel="me" href="{url}">us</a>' for url in own)
        return answer(200, links.encode(), "text/html")

    network.mount(DOMAIN, site)
    mount_webfinger(network, HOST, _WEBFINGER)
    mount_server(network, OauthServer(origin=f"https://{SIGN_IN_HOST}"))
    return School(network=network)


def set_record(services: Services, stage: Stage) -> None:
    """The organization's domain has the TXT record that proves it."""
    records = services.text_records
    assert isinstance(records, Records)
    name, value = stage.record
    records.texts[name] = (value,)


async def make_stage(services: Services, world: World, network: Network, mailbox: Mailbox) -> Stage:
    """Fills the store."""
    school = mount(network, world)
    filled = await fill(services, world, world.key, mailbox)
    pat = await create_user(
        services, email=PAT, organization=world.organization, role=Role.OWNER, password=PASSWORD
    )
    operator = await _add_operator(services, world)
    console = await _fill_console(services, world, pat) | await _fill_links(services, world, pat)
    session, own = await _fill_for_holder(services, world, badge=json.dumps(school.credential(1)))
    more = {
        **console,
        **own,
        "password": PASSWORD,
        "other_badge": json.dumps(school.credential(2)),
        "unproved_issuer": filled["/verify-issuer"]["uuid"],
        "issuer_code": filled["bodies"]["code"],
        "badge_id": filled["bodies"]["badge_id"],
        "webhook": filled["/console/o/{organization}/webhooks"]["webhook"],
        "delivery": filled["/console/o/{organization}/webhooks"]["delivery"],
    }
    wanted = await domains.load_instructions(services.database, services, world.organization, DOMAIN)
    return Stage(
        names={**filled, "/": {**filled["/"], **more}},
        cookies={
            Sender.STRANGER: {},
            Sender.HOLDER: {f"__Host-{HOLDER_COOKIE}": sign_value(services, HOLDER_COOKIE, session)},
            Sender.OWNER: {_CONSOLE: await _enter(services, pat)},
            Sender.OPERATOR: {_CONSOLE: await _enter(services, operator)},
        },
        record=(wanted.record_name, wanted.record_value),
    )


async def _enter(services: Services, user: User) -> str:
    now = services.clock()
    token = await services.database.write(
        lambda tx: sessions.sign_in(tx, user, method=SignInMethod.LINK, visitor=_BROWSER, now=now)
    )
    return sign_value(services, SESSION_COOKIE, token)


async def _add_operator(services: Services, world: World) -> User:
    user = await create_user(
        services, email="operator@example.org", organization=world.organization, role=Role.OWNER
    )
    await services.database.write(lambda tx: users.set_operator(tx, user.id, is_operator=True))
    return user


async def _fill_for_holder(services: Services, world: World, *, badge: str) -> tuple[str, dict[str, str]]:
    """The session of somebody with two badges, a profile and a badge from the school."""
    first = await publish(services, world, EMAIL, Visibility.PUBLIC)
    another = await _make_badge(services, world, "Networks")
    second = await publish(services, replace(world, badge=another), EMAIL, Visibility.PUBLIC)
    now, database = services.clock(), services.database
    alias = email_alias(EMAIL)
    token = await database.write(lambda tx: holders.sign_in_proved(tx, alias, None, adds_to=None, now=now))
    session = await holders.find_session(database, token, now=now)
    assert session is not None
    holder = await load_holder(database, session.holder_id)
    await database.write(lambda tx: public_profiles.save(tx, holder, PROFILE, now=now))
    await database.write(
        lambda tx: stored_holders.add_link(
            tx,
            token_hash=hash_token(HOLDER_LINK),
            alias=alias,
            holder_id=None,
            kind=HolderLinkKind.SIGN_IN,
            expires_at=now + DAY,
            now=now,
        )
    )
    names = {
        "held": first.uuid,
        "alias": alias,
        "brought": await import_badge(services, holder, badge),
        "own_page": manage_url(services, second),
        "code": await _ask_code(services, second),
    }
    return token, names


async def _ask_code(services: Services, grant: Grant) -> str:
    now = services.clock()

    async def ask(tx: Transaction) -> Challenge:
        challenge = await profiles.ask(tx, grant.id, f"@me@{HOST}", now=now)
        await profile_challenges.set_sent(tx, challenge, actor_id=_ACTOR, handle=f"@me@{HOST}")
        return challenge

    challenge = await services.database.write(ask)
    return profile_code(services.settings.secret_key, grant, challenge)


async def _make_badge(services: Services, world: World, title: str) -> Badge:
    new = NewBadge(title=title, description="Knows it.", criteria="Pass the exam.")
    return await create_badge(services, issuer=world.issuer, new=new)


async def _fill_console(services: Services, world: World, pat: User) -> dict[str, str]:
    """Grants in their states, a follower, a server that fails, a file, a second browser, a linked profile."""
    now, database = services.clock(), services.database
    waiting = await offer(services, world, "tom@example.org")
    published = await publish(services, world, "ida@example.org", Visibility.PUBLIC)
    suspended = await publish(services, world, "sam@example.org", Visibility.PRIVATE)
    await database.write(lambda tx: grants.suspend(tx, suspended.id, reason="Asked", now=now))
    bare = await _make_badge(services, world, "Bare")
    await follow(services, world, "fan")
    await run_until_idle(services)
    await send(services, world, "down.example")
    await pause(services, "down.example")
    member = await create_user(
        services, email="member@example.org", organization=world.organization, role=Role.VIEWER
    )
    draft = await database.write(
        lambda tx: bulk_drafts.replace_draft(
            tx,
            organization_id=world.organization.id,
            user_id=pat.id,
            badge=str(world.badge.id),
            data=b"email,name\nlou@example.org,Lou\n",
            now=now,
        )
    )
    await _enter(services, pat)
    by = author_of_user(pat, "192.0.2.9")
    await database.write(
        lambda tx: accounts.link_profile(tx, pat, actor_id=_ACTOR, handle=f"@me@{HOST}", by=by, now=now)
    )
    await database.write(lambda tx: tx.execute("UPDATE webhook_deliveries SET state = 'failed'"))
    await database.write(
        lambda tx: tx.execute("UPDATE issuers SET url = ? WHERE id = ?", SITE, world.issuer.id)
    )
    return {
        "waiting": waiting.uuid,
        "published": published.uuid,
        "suspended": suspended.uuid,
        "granted_badge": world.badge.uuid,
        "bare_badge": bare.uuid,
        "org_issuer": world.issuer.uuid,
        "member": member.uuid,
        "draft": draft.uuid,
    }


async def _fill_links(services: Services, world: World, pat: User) -> dict[str, str]:
    """A link of each kind, and an invitation."""
    now, database = services.clock(), services.database
    links = {}
    for kind in LinkKind:
        email = "pat.new@example.org" if kind is LinkKind.EMAIL else None
        user_id = None if kind is LinkKind.SET_UP else pat.id
        add = partial(account_links.add_link, kind=kind, user_id=user_id, email=email, now=now)
        link = await database.write(add)
        assert link is not None
        links[f"{kind.replace('-', '_')}_link"] = link_url(services, link)
    membership = Membership(organization=world.organization, role=Role.OWNER)
    invite = partial(people.invite, email="new@example.org", role=Role.ISSUER, by=SYSTEM, name="Pat", now=now)
    invitation = await database.write(lambda tx: invite(tx, membership))
    await run_until_idle(services)
    return {**links, "invitation": invitation_url(services, invitation)}
