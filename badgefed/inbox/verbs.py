"""Which function handles which activity. Types that don't stand here are accepted and ignored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from badgefed.inbox import answers, changes, follows, interactions, moderation, quotes
from badgefed.inbox.activity import Received, Result
from badgefed.store.database import Transaction
from badgefed.work.services import Services

Handler = Callable[[Transaction, Services, Received], Awaitable[Result]]

FIRST: Mapping[str, Handler] = {
    "Accept": answers.accept,
    "Announce": interactions.react,
    "Block": follows.block,
    "Create": interactions.create,
    "Delete": changes.delete,
    "EmojiReact": interactions.react,
    "Flag": moderation.flag,
    "Follow": follows.follow,
    "Like": interactions.like,
    quotes.QUOTE_REQUEST: quotes.request_quote,
    "Reject": answers.reject,
    "Undo": changes.undo,
    "Update": changes.update,
}
"""For an activity that comes for the first time."""

AGAIN: Mapping[str, Handler] = {
    "Follow": follows.follow_again,
    quotes.QUOTE_REQUEST: quotes.request_quote_again,
}
"""For one whose id has been seen: its answer is sent again."""
