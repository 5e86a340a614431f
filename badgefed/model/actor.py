"""Actors on other servers, as far as we know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteActor:
    """What was read from an actor document. `fetched_at` in microseconds."""

    id: str
    host: str
    actor_type: str
    inbox: str
    shared_inbox: str | None
    username: str | None
    handle: str | None
    name: str | None
    url: str | None
    icon: str | None
    fetched_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKey:
    """A public key with its owner, as published by the owner's server. `public_key` is PEM or Multikey."""

    id: str
    owner: str
    public_key: str
    fetched_at: int
