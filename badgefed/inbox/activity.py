"""What comes in: an activity as read, and as received with what proves who sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgefed.errors import Invalid
from badgefed.model.hosts import same_host
from badgefed.protocol.activities import AS2, reference
from badgefed.protocol.signed_request import InboundRequest, Signature, split_url
from badgefed.work.key_cache import KnownKey

MAX_ID = 1024
MAX_TYPE = 100


class Result(StrEnum):
    """`answered`: it made work for the queue; `ignored`: nothing of ours is concerned; `repeated`: seen before."""

    DONE = "done"
    ANSWERED = "answered"
    IGNORED = "ignored"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """`id` is None for a transient activity; `object_id` where the object is an id or has one. `document` is all of it."""

    id: str | None
    type: str
    actor_id: str
    object: Any
    object_id: str | None
    document: Mapping[str, Any]

    @property
    def is_about_its_actor(self) -> bool:
        return self.object_id == self.actor_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An activity whose actor signed the request; `id` is its own or one made for it.

    `key` None: the actor's server says that the actor is gone for good, and the activity says so too.
    """

    id: str
    activity: Activity
    request: InboundRequest
    signature: Signature
    key: KnownKey | None
    received_at: int

    @property
    def actor_id(self) -> str:
        return self.activity.actor_id


def read_activity(document: Mapping[str, Any]) -> Activity:
    """Checks what holds for every activity: context, type, an actor, and an id on the actor's host. Raises `Invalid`."""
    _require_context(document)
    actor_id = reference(document.get("actor"))
    if actor_id is None or not is_id(actor_id):
        raise Invalid("The activity needs an actor: an http(s) URL.", field="actor")
    split_url(actor_id)
    activity_id = document.get("id") or None
    if activity_id is not None:
        _require_own_id(activity_id, actor_id)
    object_id = reference(document.get("object"))
    return Activity(
        id=activity_id,
        type=_read_type(document),
        actor_id=actor_id,
        object=document.get("object"),
        object_id=object_id if object_id and is_id(object_id) else None,
        document=document,
    )


def is_id(text: str) -> bool:
    """Whether the text is ASCII and short enough to be kept as an id: two of them make one key of an index."""
    return text.isascii() and len(text) <= MAX_ID


def references(value: object) -> list[str]:
    """The ids in a value that may be one or many, given as ids or as objects."""
    items = value if isinstance(value, list) else [value]
    return [item_id for item in items if (item_id := reference(item)) is not None]


def _require_context(document: Mapping[str, Any]) -> None:
    """Without a context it is ActivityStreams by its media type (AS2 §2.1)."""
    context = document.get("@context", AS2)
    if AS2 not in (context if isinstance(context, list) else [context]):
        raise Invalid("The activity's @context is not that of ActivityStreams.", field="@context")


def _read_type(document: Mapping[str, Any]) -> str:
    kinds = document.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if not isinstance(kind, str) or not 0 < len(kind) <= MAX_TYPE:
        raise Invalid("The activity needs a type.", field="type")
    return kind


def _require_own_id(activity_id: object, actor_id: str) -> None:
    if not isinstance(activity_id, str) or not is_id(activity_id):
        raise Invalid("The activity's id must be a URL.", field="id")
    if not same_host(activity_id, actor_id):
        raise Invalid("The activity's id must be on the host of its actor.", field="id")
