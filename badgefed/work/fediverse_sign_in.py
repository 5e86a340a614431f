"""Proving control of a Fediverse profile by signing in at its own server (OAuth 2.0 with PKCE, as Mastodon speaks it).

Who has to sign in is known before: the actor. Where, follows from the actor: the host of its id, or, if that one has no
sign-in, the host of its handle, provided that both hosts confirm by WebFinger that they are one. The proof is that this
host names exactly that actor. Nobody's token is stored: it is asked one question with, and revoked.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from badgefed.errors import AddressRefused, FetchFailed, Forbidden, Invalid, Unprocessable
from badgefed.model.actor import RemoteActor
from badgefed.model.recipient import parse_handle
from badgefed.model.times import MINUTE, format_rfc3339
from badgefed.net.transport import Response
from badgefed.protocol import mastodon_oauth
from badgefed.protocol.mastodon_oauth import Account
from badgefed.protocol.sealing import seal, unseal
from badgefed.store import blocks, oauth_apps, oauth_sign_ins, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.oauth_apps import OauthApp
from badgefed.store.oauth_sign_ins import Purpose, SignIn
from badgefed.texts import say
from badgefed.work import directory, oauth_clients
from badgefed.work.oauth_clients import OffersNone
from badgefed.work.services import Services

LIFETIME = 10 * MINUTE
PROOF_PATIENCE = 20.0
STATE_BYTES = 32
VERIFIER_BYTES = 48
MAX_STATE = 100
SEAL_PURPOSE = "oauth-verifier"

log = structlog.get_logger(__name__)


class ClientForgotten(Unprocessable):
    """The server does not know the client any more that it registered for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where to send the browser, and the state that it has to bring back."""

    url: str
    host: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """Whoever came back is this actor, as the server at `host` says; `at` in microseconds."""

    actor_id: str
    handle: str | None
    host: str
    at: int

    @property
    def evidence(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"actor": self.actor_id, "host": self.host, "time": format_rfc3339(self.at)}


async def depart(
    services: Services,
    actor: RemoteActor,
    purpose: Purpose,
    payload: Mapping[str, Any],
    *,
    is_repeat: bool = False,
) -> Departure:
    """Begins a sign-in at the actor's server.

    Raises `OffersNone`, `Unprocessable`, `Unavailable`, `FetchFailed`, and `AddressRefused` for a blocked server.
    """
    if await blocks.is_blocked(services.database, actor.id):
        raise AddressRefused(say("%(host)s is blocked by this server.", host=actor.host))
    app = await _find_client(services, actor)
    state, verifier = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
    now = services.clock()
    sign_in = SignIn(
        purpose=purpose,
        host=app.host,
        client_id=app.client_id,
        actor_id=actor.id,
        handle=actor.handle,
        sealed_verifier=seal(services.settings.secret_key, purpose=SEAL_PURPOSE, plaintext=verifier.encode()),
        payload=payload,
        is_repeat=is_repeat,
        expires_at=now + LIFETIME,
    )

    async def write(tx: Transaction) -> None:
        await oauth_sign_ins.add_sign_in(tx, hash_state(state), sign_in)
        await oauth_apps.note_departure(tx, app.host, now=now)

    await services.database.write(write)
    url = mastodon_oauth.authorization_url(
        app.authorization_endpoint,
        client_id=app.client_id,
        redirect_uri=services.addresses.fediverse_sign_in(app.host),
        scope=app.scope,
        state=state,
        verifier=verifier,
    )
    return Departure(url=url, host=app.host, state=state)


def hash_state(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


async def take(services: Services, state: str) -> SignIn | None:
    """The sign-in that a browser brings back, once; None if there is none, it was taken, or it took too long."""
    if len(state) > MAX_STATE:
        return None
    now = services.clock()

    async def write(tx: Transaction) -> SignIn | None:
        sign_in = await oauth_sign_ins.take_sign_in(tx, hash_state(state), now=now)
        if sign_in is not None:
            await oauth_apps.note_return(tx, sign_in.host)
        return sign_in

    return await services.database.write(write)


async def prove(services: Services, sign_in: SignIn, *, host: str, query: Mapping[str, str]) -> Proved:
    """What the browser's return proves; `host` is the one whose address it returned to, `query` what it brought.

    Raises `Forbidden` if another server or another person answered, `ClientForgotten` if the server wants us to register
    anew, `Unprocessable` if it refused, `FetchFailed`.
    """
    app = await oauth_apps.find_app(services.database, sign_in.host)
    if host != sign_in.host:
        raise Forbidden("The answer did not come from the server that you were sent to.")
    if app is None or app.client_id != sign_in.client_id:
        raise ClientForgotten(say("%(host)s has to be asked anew.", host=host))
    code = _read_code(app, query)
    try:
        async with asyncio.timeout(PROOF_PATIENCE):
            account = await _ask_account(services, app, sign_in, code)
    except TimeoutError:
        raise FetchFailed("timeout", say("%(host)s did not answer in time.", host=host)) from None
    await _check_actor(services, sign_in, account)
    return Proved(actor_id=sign_in.actor_id, handle=sign_in.handle, host=sign_in.host, at=services.clock())


async def repeat(services: Services, sign_in: SignIn) -> Departure:
    """Begins a sign-in anew whose client the server forgot; once."""
    await services.database.write(lambda tx: oauth_apps.delete_app(tx, sign_in.host, sign_in.client_id))
    if sign_in.is_repeat:
        raise Unprocessable(
            say("%(host)s does not keep the registration that it gave us.", host=sign_in.host)
        )
    actor = await find_actor(services, sign_in.actor_id)
    return await depart(services, actor, sign_in.purpose, sign_in.payload, is_repeat=True)


async def find_actor(services: Services, actor_id: str) -> RemoteActor:
    """From the store, else from its server. Raises FetchFailed."""
    known = await remote_actors.find_actor(services.database, actor_id)
    return known or await directory.refresh_actor(services, actor_id)


async def _find_client(services: Services, actor: RemoteActor) -> OauthApp:
    parts = urlsplit(actor.id)
    handle = parse_handle(actor.handle or "")
    own = parts.netloc.lower()
    try:
        return await oauth_clients.find_client(services, f"{parts.scheme}://{own}")
    except OffersNone:
        if handle is None or handle.host == own:
            raise
    return await oauth_clients.find_client(services, f"{parts.scheme}://{handle.host}")


def _read_code(app: OauthApp, query: Mapping[str, str]) -> str:
    issuer = query.get("iss")
    if (issuer is None and app.names_itself) or (
        issuer is not None and not mastodon_oauth.is_issuer(issuer, app.issuer)
    ):
        raise Forbidden("The answer did not come from the server that you were sent to.")
    if "error" in query:
        refusal = mastodon_oauth.read_refusal(query)
        if refusal.code == "access_denied":
            raise Unprocessable(say("You did not allow it at %(host)s, so nothing was done.", host=app.host))
        raise Unprocessable(say("%(host)s says: %(words)s", host=app.host, words=refusal.words or "no"))
    code = query.get("code", "")
    if not code or len(code) > mastodon_oauth.MAX_TOKEN:
        raise Unprocessable(say("%(host)s sent you back without a code.", host=app.host))
    return code


async def _ask_account(services: Services, app: OauthApp, sign_in: SignIn, code: str) -> Account:
    """Changes the code for a token, asks who its owner is, and gives the token back."""
    token = await _fetch_token(services, app, sign_in, code)
    try:
        if app.userinfo_endpoint is not None:
            account = mastodon_oauth.read_userinfo(
                await _ask(services, app.userinfo_endpoint, app.host, token)
            )
            if account.actor_id is not None:
                return account
        return mastodon_oauth.read_account(await _ask(services, app.account_endpoint, app.host, token))
    finally:
        await _revoke(services, app, token)


async def _fetch_token(services: Services, app: OauthApp, sign_in: SignIn, code: str) -> str:
    verifier = unseal(
        services.settings.secret_key, purpose=SEAL_PURPOSE, sealed=bytes(sign_in.sealed_verifier)
    ).decode()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": services.addresses.fediverse_sign_in(app.host),
        "code_verifier": verifier,
        **_credentials(services, app),
    }
    answer = await oauth_clients.post_form(services, app.token_endpoint, form)
    if _is_forgotten(answer, app.host):
        raise ClientForgotten(say("%(host)s does not know this server any more.", host=app.host))
    document = _require_answer(answer, app.host)
    try:
        return mastodon_oauth.read_token(document)
    except Invalid as error:
        raise FetchFailed("malformed", say("%(host)s: %(error)s", host=app.host, error=error)) from error


def _credentials(services: Services, app: OauthApp) -> dict[str, str]:
    return {
        "client_id": app.client_id,
        "client_secret": oauth_clients.client_secret(services, app),
    }


def _is_forgotten(answer: Response, host: str) -> bool:
    if answer.status not in (400, 401):
        return False
    try:
        return mastodon_oauth.read_refusal(oauth_clients.read_answer(answer, host)).code == "invalid_client"
    except FetchFailed:
        return False


async def _ask(services: Services, url: str, host: str, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = await services.client.ask(url, headers, timeout=oauth_clients.PATIENCE)
    return _require_answer(answer, host)


def _require_answer(answer: Response, host: str) -> dict[str, Any]:
    if 200 <= answer.status < 300:
        return oauth_clients.read_answer(answer, host)
    if 300 <= answer.status < 400:
        raise FetchFailed(
            "redirects", say("%(host)s sends our question elsewhere.", host=host), http_status=answer.status
        )
    raise Unprocessable(oauth_clients.words_of(answer, host))


async def _revoke(services: Services, app: OauthApp, token: str) -> None:
    """Nothing hangs on it: the token is forgotten here in any case."""
    form = {"token": token, **_credentials(services, app)}
    try:
        answer = await oauth_clients.post_form(services, app.revocation_endpoint, form)
    except FetchFailed as failure:
        log.info("token not revoked", host=app.host, reason=failure.reason)
        return
    if answer.status >= 300:
        log.info("token not revoked", host=app.host, status=answer.status)


async def _check_actor(services: Services, sign_in: SignIn, account: Account) -> None:
    """Raises `Forbidden` unless the account is the actor's, and the host may speak for the actor."""
    named = account.actor_id
    is_own = urlsplit(sign_in.actor_id).netloc.lower() == sign_in.host
    if named is None or (not is_own and named == sign_in.actor_id):
        named = await _confirmed_actor(services, account.username, sign_in.host)
    if named != sign_in.actor_id:
        who = f"@{account.username}@{sign_in.host}" if account.username else "somebody else"
        raise Forbidden(
            say(
                "At %(host)s you are signed in as %(who)s, but this is for %(handle)s. Change to that account there, then try again.",
                host=sign_in.host,
                who=who,
                handle=sign_in.handle or sign_in.actor_id,
            )
        )


async def _confirmed_actor(services: Services, username: str | None, host: str) -> str | None:
    """The actor that `@username@host` is by WebFinger, if all hosts concerned confirm it and the handle is of this host."""
    if username is None:
        raise Unprocessable(say("%(host)s does not say who you are.", host=host))
    actor = await directory.find_profile(services, f"@{username}@{host}")
    handle = parse_handle(actor.handle or "")
    is_named_there = urlsplit(actor.id).netloc.lower() == host or (handle is not None and handle.host == host)
    return actor.id if is_named_there else None
