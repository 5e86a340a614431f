"""Tenants, their people and the keys of their programs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    ISSUER = "issuer"
    VIEWER = "viewer"


class Dialect(StrEnum):
    """Which of the APIs a key was made for. It decides the key's form only: a live key works in all of them."""

    BADGES = "badges"
    ISSUERS = "issuers"
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    id: int
    uuid: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    uuid: str
    email: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the store knows it; the key itself is known to its owner alone.

    `rate` is in requests per minute, 0 for no limit; `last_used_at` is exact to a minute.
    """

    id: int
    organization_id: int
    user_id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    rate: int
    last_used_at: int | None
