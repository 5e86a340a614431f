"""What one may do by having signed in at the server of one's Fediverse profile: accept a badge, enter the console."""

from __future__ import annotations

from badgefed.errors import Forbidden
from badgefed.issuing import grants
from badgefed.issuing.grants import Proof
from badgefed.issuing.sessions import sign_in as open_session
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.session import SignInMethod, Visitor
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store import remote_actors, users
from badgefed.store.database import Transaction
from badgefed.texts import say
from badgefed.work.fediverse_sign_in import Proved


async def accept(
    tx: Transaction, grant_id: int, proved: Proved, *, channel: ProofKind, visibility: Visibility, now: int
) -> Grant | None:
    """The accepted grant; `channel` is that of the link by which the recipient came. None if it was not pending any more.

    Raises `Forbidden` if the grant turned out to be another actor's meanwhile.
    """
    grant = await stored_grants.find_grant(tx, grant_id)
    if grant is None or grant.status is not Status.PENDING:
        return None
    if grant.actor_id not in (None, proved.actor_id):
        raise Forbidden("This badge was granted to another profile.")
    actor = await remote_actors.find_actor(tx, proved.actor_id)
    if grant.actor_id is None and actor is not None:
        await stored_grants.set_recipient_actor(
            tx,
            grant_id,
            actor_id=actor.id,
            handle=actor.handle,
            aliases=remote_actors.aliases_of(actor),
        )
    proof = Proof(kind=ProofKind.OAUTH, details={"channel": channel, **proved.evidence})
    return await grants.accept(tx, grant_id, visibility=visibility, proof=proof, now=now)


async def sign_in(
    tx: Transaction, proved: Proved, *, visitor: Visitor, now: int, replaces: str | None
) -> str:
    """The token of a new session at the console. Raises `Forbidden` if the profile is linked to no account,
    `Unauthenticated` if the account is deactivated."""
    user = await users.find_user_by_identity(tx, proved.actor_id)
    if user is None:
        raise Forbidden(
            say(
                "No account here is linked to %(handle)s. Sign in in another way, and link the profile at your account's page.",
                handle=proved.handle or proved.actor_id,
            )
        )
    return await open_session(
        tx, user, method=SignInMethod.FEDIVERSE, visitor=visitor, now=now, replaces=replaces
    )
