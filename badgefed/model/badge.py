"""Badges: what an issuer grants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BadgeType(StrEnum):
    ACHIEVEMENT = "Achievement"
    BADGE = "Badge"
    CREDENTIAL = "Credential"
    RECOGNITION = "Recognition"
    MILESTONE = "Milestone"
    HONOR = "Honor"
    CERTIFICATION = "Certification"
    DISTINCTION = "Distinction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A badge's definition. `image_id` names its PNG; `image_generated` says that we drew it from the title.

    `hashtags` is what the API shows, space-separated; they go into Fediverse posts only if `post_hashtags`.
    """

    id: int
    uuid: str
    issuer_id: int
    slug: str
    title: str
    description: str
    badge_type: BadgeType
    criteria: str
    image_id: int
    image_generated: bool
    image_alt: str | None
    hashtags: str | None
    post_hashtags: bool
    info_uri: str | None
    is_certificate: bool
    expires_in_days: int | None
    is_active: bool
    created_at: int
    updated_at: int

    @property
    def hashtag_names(self) -> tuple[str, ...]:
        """The hashtags without `#`, in their order, each once."""
        words = (word.lstrip("#") for word in (self.hashtags or "").replace(",", " ").split())
        return tuple(dict.fromkeys(word for word in words if word))
