"""Binding a Fediverse profile to a badge that was granted to an e-mail address, once its recipient has proved to have it.

The recipient names a profile, and either signs in at its server, or the server sends that profile a code by direct message,
which the recipient types.
"""

from __future__ import annotations

from enum import StrEnum

from badgefed.errors import Conflict, Invalid, RateLimited
from badgefed.issuing.grants import record_grant
from badgefed.model.audit import RECIPIENT, Action
from badgefed.model.grant import Grant, Status
from badgefed.model.recipient import parse_handle
from badgefed.model.times import SECOND
from badgefed.protocol.openbadges import web_url
from badgefed.store import grants, jobs, profile_challenges
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind
from badgefed.store.profile_challenges import ASKS_WINDOW, Challenge
from badgefed.work.profile_codes import is_code

MAX_PROFILE = 500


class Outcome(StrEnum):
    """`expired`: no code is out that may still be typed. `not_ready`: the badge is being signed; try again."""

    BOUND = "bound"
    WRONG = "wrong"
    EXPIRED = "expired"
    NOT_READY = "not_ready"


def read_profile(text: str) -> str:
    """A handle as `@user@host` (the first `@` may be missing) or a profile's URL. Raises `Invalid` for field `profile`."""
    text = text.strip()
    handle = parse_handle(text if text.startswith(("@", "acct:")) else f"@{text}")
    if handle is not None:
        return str(handle)
    url = web_url(text)
    if url is None or len(url) > MAX_PROFILE:
        raise Invalid("Write it like @you@mastodon.example, or as your profile's address.", field="profile")
    return url


def can_bind(grant: Grant) -> bool:
    """Whether the grant is accepted and names nobody's profile yet."""
    return (
        grant.status in (Status.ACCEPTED, Status.PROCESSED)
        and grant.profile is None
        and grant.actor_id is None
    )


async def ask(tx: Transaction, grant_id: int, profile: str, *, now: int) -> Challenge:
    """Starts to prove that `profile` (as `read_profile` gives it) is the recipient's: a job sends it a code.

    Raises `Conflict` if the grant takes no profile, `RateLimited` after three times within an hour.
    """
    grant = await grants.find_grant(tx, grant_id)
    if grant is None or not can_bind(grant):
        raise Conflict("This badge takes no other profile.")
    challenge = await profile_challenges.replace_challenge(tx, grant_id, profile=profile, now=now)
    if challenge is None:
        raise RateLimited(
            "You have asked for three codes within an hour. Please try again later.",
            retry_after=ASKS_WINDOW // SECOND,
        )
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.CODE)
    await jobs.add_job(
        tx,
        JobKind.CODE,
        payload={"profile": profile, "asked_at": challenge.created_at},
        grant_id=grant_id,
        now=now,
    )
    return challenge


async def confirm(tx: Transaction, grant_id: int, typed: str, *, secret_key: str, now: int) -> Outcome:
    """Binds the profile that the code was sent to, if this is the code; five wrong ones make it worthless.

    Returns what happened instead of raising, because a wrong try is to be counted.
    """
    grant = await grants.find_grant(tx, grant_id)
    if grant is None or not can_bind(grant):
        return Outcome.EXPIRED
    if grant.status is not Status.PROCESSED:
        return Outcome.NOT_READY
    challenge = await profile_challenges.count_try(tx, grant_id, now=now)
    if challenge is None or challenge.actor_id is None:
        return Outcome.EXPIRED
    if not is_code(secret_key, grant, challenge, typed):
        return Outcome.WRONG
    bound = await bind(tx, grant_id, actor_id=challenge.actor_id, handle=challenge.handle, now=now)
    return Outcome.BOUND if bound else Outcome.EXPIRED


async def bind(tx: Transaction, grant_id: int, *, actor_id: str, handle: str | None, now: int) -> bool:
    """Binds a profile that was proved to be the recipient's to a processed grant that names none, and publishes that.

    False if the grant takes none (any more).
    """
    bound = await grants.bind_profile(tx, grant_id, actor_id=actor_id, handle=handle)
    if bound is None:
        return False
    await profile_challenges.delete_challenge(tx, grant_id)
    await record_grant(tx, Action.GRANT_BIND_PROFILE, bound, by=RECIPIENT, now=now)
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.CODE)
    await jobs.add_job(tx, JobKind.REPUBLISH, grant_id=grant_id, now=now)
    return True
