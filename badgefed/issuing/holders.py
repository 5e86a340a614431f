"""People who hold badges: signing in by a link that only they can get, and being one person with several addresses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from badgefed.errors import Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing.profiles import read_profile
from badgefed.model.holder import HolderLinkKind
from badgefed.model.identifiers import new_uuid
from badgefed.model.recipient import check_email, email_alias
from badgefed.model.times import DAY
from badgefed.store import held_grants, holders
from badgefed.store.database import Reader, Transaction
from badgefed.store.held_grants import Names
from badgefed.store.holders import Identity, Link, Session
from badgefed.texts import N_, say
from badgefed.work.holder_links import ask_for_link, hash_token

SESSION_LIFETIME = 30 * DAY
MAX_IDENTITIES = 20
FIELD = "identity"

_TOO_MANY = say(
    "You have %(count)s addresses and profiles here; more are not possible.", count=MAX_IDENTITIES
)
_WRONG = N_("Write an e-mail address, or a profile like @you@mastodon.example.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who is signed in."""

    id: int
    identities: tuple[Identity, ...]
    names: Names

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything that a badge may call this person by."""
        return tuple(name for identity in self.identities for name in identity.spellings)


def read_identity(text: str) -> str:
    """`mailto:` and an address in lower case, or a profile as `read_profile` gives it. Raises `Invalid` for field `identity`."""
    text = text.strip().removeprefix("mailto:")
    is_profile = text.startswith(("@", "acct:")) or "://" in text
    try:
        return read_profile(text) if is_profile else email_alias(check_email(text))
    except Invalid as error:
        raise Invalid(_WRONG, field=FIELD) from error


async def load_holder(reader: Reader, holder_id: int) -> Holder:
    identities = await holders.list_identities(reader, holder_id)
    return Holder(
        id=holder_id,
        identities=tuple(identities),
        names=await held_grants.load_names(reader, identities),
    )


async def ask_to_sign_in(tx: Transaction, identity: str, *, now: int, language: str | None = None) -> None:
    """Whoever has badges under this identity (as `read_identity` gives it) gets a link; nobody learns whether there are any."""
    await ask_for_link(tx, identity, holder_id=None, kind=HolderLinkKind.SIGN_IN, now=now, language=language)


async def ask_to_add(
    tx: Transaction, holder_id: int, identity: str, *, now: int, language: str | None = None
) -> None:
    """Sends a link by which the holder can prove a further identity. Raises `Conflict` where there are enough of them."""
    if len(await holders.list_identities(tx, holder_id)) >= MAX_IDENTITIES:
        raise Conflict(_TOO_MANY)
    await ask_for_link(tx, identity, holder_id=holder_id, kind=HolderLinkKind.ADD, now=now, language=language)


async def ask_to_erase(
    tx: Transaction, holder: Holder, alias: str, *, now: int, language: str | None = None
) -> None:
    """Sends a link by which the holder can confirm that everything shall be erased, to one of their identities.

    Raises `Invalid` for field `identity` where it is none of theirs.
    """
    if alias not in {identity.alias for identity in holder.identities}:
        raise Invalid("Choose one of your addresses and profiles.", field=FIELD)
    await ask_for_link(tx, alias, holder_id=holder.id, kind=HolderLinkKind.ERASE, now=now, language=language)


async def find_link(reader: Reader, token: str, *, now: int) -> Link | None:
    """What a link is for; None if it is no link, or none any more."""
    return await holders.find_link(reader, hash_token(token), now=now)


def may_use(link: Link, session: Session | None) -> bool:
    """A link that a holder asked for works only where that was: else its receiver would give their badges to a stranger."""
    return link.holder_id is None or (session is not None and session.holder_id == link.holder_id)


async def use_link(tx: Transaction, token: str, session: Session | None, *, now: int) -> str | None:
    """Uses the link up, and returns the token of a new session in the place of `session`; None if it is worth nothing here."""
    link = await take_link(tx, token, session, now=now)
    if link is None or link.kind is HolderLinkKind.ERASE:
        return None
    return await _enter(tx, link.alias, session, adds_to=link.holder_id, now=now)


async def take_link(tx: Transaction, token: str, session: Session | None, *, now: int) -> Link | None:
    """The link, which is used up by that; None if it is worth nothing here."""
    link = await find_link(tx, token, now=now)
    if link is None or not may_use(link, session):
        return None
    return link if await holders.use_link(tx, hash_token(token), now=now) else None


async def sign_in_proved(
    tx: Transaction, alias: str, session: Session | None, *, adds_to: int | None, now: int
) -> str:
    """The token of a new session, in the place of `session`, of whoever has just proved this identity in another way than by a link.

    `adds_to` is the holder who asked for it to add the identity to theirs. Raises `Forbidden` if they are not signed in
    (any more), `Conflict` if they have enough identities, `NotFound` if there are no badges for this one.
    """
    if adds_to is None:
        await _require_badges(tx, alias)
    elif session is None or session.holder_id != adds_to:
        raise Forbidden("You were signed out meanwhile. Sign in again, then add your profile.")
    elif len(await holders.list_identities(tx, adds_to)) >= MAX_IDENTITIES:
        raise Conflict(_TOO_MANY)
    return await _enter(tx, alias, session, adds_to=adds_to, now=now)


async def _require_badges(reader: Reader, alias: str) -> None:
    if await holders.find_holder_by_alias(reader, alias) is not None:
        return
    names = await held_grants.load_names(reader, [Identity(alias=alias, proved_at=0)])
    if not await held_grants.list_held(reader, names, limit=1):
        raise NotFound("There are no badges for this profile here.")


async def _enter(
    tx: Transaction, alias: str, session: Session | None, *, adds_to: int | None, now: int
) -> str:
    holder_id = await _prove(tx, alias, adds_to, now)
    if session is not None:
        await holders.delete_session(tx, session.token_hash)
    return await _open_session(tx, holder_id, now)


async def _prove(tx: Transaction, alias: str, adds_to: int | None, now: int) -> int:
    """The holder whose identity this is now; who had it before is the same person, and becomes one with them."""
    asked_by = adds_to or await holders.find_holder_by_alias(tx, alias)
    holder_id = asked_by or await holders.add_holder(tx, uuid=new_uuid(now), now=now)
    other = await holders.claim_identity(tx, alias, holder_id, now=now)
    if other == holder_id:
        return holder_id
    if asked_by is None:
        await holders.delete_holder(tx, holder_id)
        return other
    await holders.merge_holders(tx, other, into=holder_id)
    return holder_id


async def _open_session(tx: Transaction, holder_id: int, now: int) -> str:
    token = secrets.token_urlsafe(32)
    await holders.add_session(
        tx,
        token_hash=hash_token(token),
        holder_id=holder_id,
        expires_at=now + SESSION_LIFETIME,
        now=now,
    )
    return token


async def find_session(reader: Reader, token: str, *, now: int) -> Session | None:
    return await holders.find_session(reader, hash_token(token), now=now)


async def sign_out(tx: Transaction, session: Session, *, everywhere: bool) -> None:
    """Ends this session, or all sessions of its holder."""
    if everywhere:
        await holders.delete_sessions(tx, session.holder_id)
    else:
        await holders.delete_session(tx, session.token_hash)
