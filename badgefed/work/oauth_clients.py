"""This server as an OAuth client of servers that speak Mastodon's API: found out and registered at the first need, then kept.

Mastodon before 4.3 drops a client that nobody's token belongs to, and tells nobody but the person who is sent there. So a
registration at a server that doesn't describe itself is soon made anew, and so is one from which people stop coming back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import structlog

from badgefed.errors import FetchFailed, Invalid, Unavailable, Unprocessable
from badgefed.model.times import HOUR, SECOND
from badgefed.net import media_types
from badgefed.net.transport import Response
from badgefed.protocol import mastodon_oauth, strict_json
from badgefed.protocol.mastodon_oauth import Registration, Server
from badgefed.protocol.sealing import seal, unseal
from badgefed.store import oauth_apps
from badgefed.store.database import Transaction
from badgefed.store.oauth_apps import OauthApp
from badgefed.texts import say
from badgefed.work.services import Services

PATIENCE = 8.0
SEARCH_PATIENCE = 20.0
LIFETIME_IF_UNDESCRIBED = 12 * HOUR
MAX_UNANSWERED = 5
SEAL_PURPOSE = "oauth-client-secret"
FORM_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
}
NO_DOOR = frozenset({404, 405, 410, 501})
BUSY = frozenset({408, 425, 429})

log = structlog.get_logger(__name__)


class OffersNone(Unprocessable):
    """A server that has no sign-in of Mastodon's kind."""


async def find_client(services: Services, origin: str) -> OauthApp:
    """The client that we are at a server, registered there if need be.

    Raises `OffersNone`, `Unprocessable` if the server refuses, `Unavailable`, `FetchFailed`.
    """
    host = origin.partition("://")[2]
    known = await oauth_apps.find_app(services.database, host)
    if known is not None and _is_good(known, services.clock()):
        return known
    try:
        async with asyncio.timeout(SEARCH_PATIENCE):
            server = await _describe(services, origin)
            scope, registration = await _register(services, server, host)
    except TimeoutError:
        raise FetchFailed("timeout", say("%(host)s did not answer in time.", host=host)) from None
    app = _app(services, host, server, scope, registration)

    async def write(tx: Transaction) -> OauthApp | None:
        await oauth_apps.replace_app(tx, app, replaces=known)
        return await oauth_apps.find_app(tx, host)

    log.info("oauth client registered", host=host, scope=scope, described=server.is_described)
    return await services.database.write(write) or app


def client_secret(services: Services, app: OauthApp) -> str:
    return unseal(
        services.settings.secret_key, purpose=SEAL_PURPOSE, sealed=bytes(app.sealed_secret)
    ).decode()


async def post_form(services: Services, url: str, form: Mapping[str, str]) -> Response:
    """The answer to a form of an OAuth client, whatever its status. Raises FetchFailed."""
    return await services.client.post(url, urlencode(form).encode(), FORM_HEADERS, timeout=PATIENCE)


def read_answer(answer: Response, host: str) -> dict[str, Any]:
    """The JSON object of an answer. Raises FetchFailed."""
    if not media_types.matches(answer.headers.get("content-type", ""), media_types.JSON):
        raise FetchFailed(
            "content-type",
            say("%(host)s sent something that is no JSON.", host=host),
            http_status=answer.status,
        )
    try:
        return strict_json.loads(answer.body)
    except Invalid as error:
        raise FetchFailed(
            "malformed", say("%(host)s: %(error)s", host=host, error=error), http_status=answer.status
        ) from error


def words_of(answer: Response, host: str) -> str:
    """What a refusal says to people, as a sentence."""
    try:
        words = mastodon_oauth.read_refusal(read_answer(answer, host)).words
    except FetchFailed:
        words = ""
    return f"{host} says: {words}" if words else f"{host} answers with status {answer.status}."


def _is_good(app: OauthApp, now: int) -> bool:
    return app.unanswered < MAX_UNANSWERED and (app.expires_at is None or now < app.expires_at)


async def _describe(services: Services, origin: str) -> Server:
    """Where a server's doors are; the usual places if it has no description (Mastodon before 4.3, Pixelfed, …)."""
    try:
        fetched = await services.client.get_json(
            mastodon_oauth.metadata_url(origin),
            accept="application/json",
            content_types=("application/json",),
        )
    except FetchFailed as failure:
        status = failure.http_status or 0
        is_absent = 400 <= status < 500 and status not in BUSY
        if is_absent or failure.reason in ("content-type", "redirects"):
            return mastodon_oauth.plain_server(origin)
        raise
    if not fetched.url.startswith(f"{origin}/"):
        return mastodon_oauth.plain_server(origin)
    try:
        return mastodon_oauth.read_metadata(fetched.document, origin)
    except Invalid as error:
        host = origin.partition("://")[2]
        raise Unprocessable(
            say(
                "%(host)s describes its sign-in in a way that can't be trusted: %(error)s",
                host=host,
                error=error.message,
            )
        ) from error


async def _register(services: Services, server: Server, host: str) -> tuple[str, Registration]:
    """The scope that the server lets us have, narrowest first, and what it gave us."""
    refusal = ""
    for scope in server.scopes:
        form = {
            "client_name": services.addresses.host,
            "redirect_uris": services.addresses.fediverse_sign_in(host),
            "scopes": scope,
            "website": services.addresses.base,
        }
        answer = await post_form(services, server.registration_endpoint, form)
        if 200 <= answer.status < 300:
            return scope, _read_registration(answer, host)
        _require_refusal(answer, host)
        refusal = words_of(answer, host)
    raise Unprocessable(
        say("%(host)s does not let this server offer its sign-in. %(refusal)s", host=host, refusal=refusal)
    )


def _require_refusal(answer: Response, host: str) -> None:
    """Raises for an answer after which another scope is worth no try."""
    if answer.status in NO_DOOR or 300 <= answer.status < 400:
        raise OffersNone(say("%(host)s has no sign-in that this server knows how to use.", host=host))
    if answer.status in BUSY or answer.status >= 500:
        raise Unavailable(
            say(
                "%(host)s is busy (%(status)s). Please try again in a while.", host=host, status=answer.status
            )
        )


def _read_registration(answer: Response, host: str) -> Registration:
    try:
        return mastodon_oauth.read_registration(read_answer(answer, host))
    except FetchFailed as failure:
        if failure.reason != "content-type":
            raise
        raise OffersNone(
            say("%(host)s has no sign-in that this server knows how to use.", host=host)
        ) from failure
    except Invalid as error:
        raise FetchFailed(
            "malformed", say("%(host)s does not register us: %(error)s", host=host, error=error)
        ) from error


def _app(services: Services, host: str, server: Server, scope: str, registration: Registration) -> OauthApp:
    now = services.clock()
    lifetime_ends = [
        *([] if server.is_described else [now + LIFETIME_IF_UNDESCRIBED]),
        *([registration.expires_at * SECOND] if registration.expires_at else []),
    ]
    return OauthApp(
        host=host,
        issuer=server.issuer,
        names_itself=server.names_itself,
        authorization_endpoint=server.authorization_endpoint,
        token_endpoint=server.token_endpoint,
        revocation_endpoint=server.revocation_endpoint,
        userinfo_endpoint=server.userinfo_endpoint,
        account_endpoint=server.account_endpoint,
        scope=scope,
        client_id=registration.client_id,
        sealed_secret=seal(
            services.settings.secret_key,
            purpose=SEAL_PURPOSE,
            plaintext=registration.client_secret.encode(),
        ),
        unanswered=0,
        registered_at=now,
        used_at=now,
        expires_at=min(lifetime_ends, default=None),
    )
