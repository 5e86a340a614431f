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
class Alignment:
    """What a badge stands for in a framework of others (OB 2.0 AlignmentObject, OB 3.0 Alignment)."""

    target_name: str
    target_url: str
    target_description: str | None = None
    target_framework: str | None = None
    target_code: str | None = None
    target_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDescription:
    """A kind of result that an award of the badge may state (OB 3.0 ResultDescription). `key` names it within the badge.

    `result_type` is a term of the OB 3.0 vocabulary, e.g. `LetterGrade`, `Percent`, `Status`.
    """

    key: str
    name: str
    result_type: str
    allowed_values: tuple[str, ...] = ()
    value_min: str | None = None
    value_max: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A badge's definition. `image_id` names its PNG; `image_generated` says that we drew it from the title.

    `hashtags` is what the API shows, space-separated; they go into Fediverse posts only if `post_hashtags`.
    `share_text` is proposed to people who share an award.
    `version` grows with each edit that changes what the badge says or shows; `language` is a BCP 47 tag.
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
    version: int = 1
    language: str | None = None
    alignments: tuple[Alignment, ...] = ()
    result_descriptions: tuple[ResultDescription, ...] = ()
    share_text: str | None = None

    @property
    def hashtag_names(self) -> tuple[str, ...]:
        """The hashtags without `#`, in their order, each once."""
        words = (word.lstrip("#") for word in (self.hashtags or "").replace(",", " ").split())
        return tuple(dict.fromkeys(word for word in words if word))
