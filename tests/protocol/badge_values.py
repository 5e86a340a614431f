"""One issuer, badge and grant, and texts that are hard to carry, for the tests of both Open Badges versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Alignment, Badge, BadgeType, ResultDescription
from badgefed.model.grant import Details, Evidence, Grant, Result, Status
from badgefed.model.issuer import ActorType, Issuer
from badgefed.model.times import DAY, SECOND
from badgefed.model.visibility import Posting, Visibility

NOW = 1_772_000_000 * SECOND
NOW_TEXT = "2026-02-25T06:13:20Z"
SALT = "deadsea"
JANE = "https://social.example/users/jane"
ADDRESSES = Addresses(base="https://badges.example")

HARD_TEXTS = {
    "quotes": 'She said "it\'s \\ done"\n\tand\r\nleft\rthe room',
    "markup": "<script>alert('1')</script> & <b>bold</b> ]]>",
    "right-to-left": "שָׁלוֹם \u202eمرحبا\u202c",
    "emoji": "🏅👩🏽‍🚀 ünïcödé \u2028 \u0085 e\u0301 𝔘",
    "control": "nul\x00 bell\x07 backspace\b feed\f escape\x1b delete\x7f",
    "broken": "surrogate\ud83d noncharacter\ufffe\uffff",
    "empty": "",
    "keyword": "@type",
    "blank node": "_:b0",
}

ISSUER = Issuer(
    id=3,
    uuid="0190a000-0000-7000-8000-000000000003",
    organization_id=1,
    username="makers",
    actor_id="https://badges.example/actor/makers",
    actor_type=ActorType.ORGANIZATION,
    name="Maker Society",
    summary="We make things.",
    url="https://makers.example/",
    email="hello@makers.example",
    colour="#336699",
    posting=Posting.QUIET,
    image_id=1,
    image_generated=True,
    created_at=NOW,
    updated_at=NOW,
)

BADGE = Badge(
    id=5,
    uuid="0190a000-0000-7000-8000-000000000005",
    issuer_id=3,
    slug="printmaster",
    title="3-D Printmaster",
    description="Awarded for passing the test.",
    badge_type=BadgeType.BADGE,
    criteria="Students are tested.",
    image_id=1,
    image_generated=True,
    image_alt="a blue square",
    hashtags="#3d #printing",
    post_hashtags=True,
    info_uri="https://makers.example/courses?id=3&lang=en",
    is_certificate=False,
    expires_in_days=None,
    is_active=True,
    created_at=NOW,
    updated_at=NOW,
)

GRANT = Grant(
    id=7,
    uuid="0190a000-0000-7000-8000-000000000007",
    code="CRD-ABCDEFGH",
    organization_id=1,
    issuer_id=3,
    badge_id=5,
    note_id="0cc1",
    note_uri="https://badges.example/actor/makers/statuses/0cc1",
    status=Status.ACCEPTED,
    visibility=Visibility.PUBLIC,
    name="Jane Doe",
    profile="https://social.example/@jane",
    actor_id=JANE,
    handle="@jane@social.example",
    email=None,
    evidence="https://jane.example/work",
    granted_by="hello@makers.example",
    issued_at=NOW,
    accepted_at=NOW,
    processed_at=None,
    expires_at=None,
    closed_at=None,
    closed_reason=None,
    proof_kind=None,
    proof=None,
    fingerprint=None,
)

BY_MAIL: dict[str, Any] = {"profile": None, "actor_id": None, "handle": None, "email": "Jane@Mail.Example"}

DETAILS = Details(
    narrative="She printed a **violin**.",
    evidence=(
        Evidence(
            url="https://jane.example/violin",
            narrative="It can be played.",
            name="The violin",
            description="A video of it.",
            genre="video",
            audience="everybody",
        ),
        Evidence(narrative="The jury was there."),
    ),
    license_number="P-17/3",
    results=(
        Result(key="grade", value="A", status="Completed"),
        Result(key="points", value="97"),
    ),
    activity_start=NOW - 30 * DAY,
    activity_end=NOW - DAY,
)

WHOLE_GRANT = replace(GRANT, details=DETAILS, expires_at=NOW + 365 * DAY, badge_version=3)

WHOLE_BADGE = replace(
    BADGE,
    version=3,
    language="pt-br",
    is_certificate=True,
    alignments=(
        Alignment(
            target_name="Printing",
            target_url="https://crafts.example/printing",
            target_description="Prints in three dimensions.",
            target_framework="Crafts",
            target_code="C1",
            target_type="CFItem",
        ),
        Alignment(target_name="Music", target_url="https://crafts.example/music"),
    ),
    result_descriptions=(
        ResultDescription(
            key="grade", name="Grade", result_type="LetterGrade", allowed_values=("C", "B", "A")
        ),
        ResultDescription(
            key="points", name="Points", result_type="RawScore", value_min="0", value_max="100"
        ),
    ),
)

GRANTS = {
    "profile": GRANT,
    "handle that was never found": replace(GRANT, actor_id=None, profile="@Jane@Social.Example"),
    "e-mail": replace(GRANT, **BY_MAIL),
    "both": replace(GRANT, email="jane@mail.example"),
    "evidence in words": replace(GRANT, evidence="See https://jane.example/work and judge."),
    "evidence half a URL": replace(GRANT, evidence="https://jane.example/my work"),
    "evidence with a broken host": replace(GRANT, evidence="https://[jane/work"),
    "no evidence": replace(GRANT, evidence=None),
    "expiring": replace(GRANT, expires_at=NOW + 365 * DAY),
    "details": WHOLE_GRANT,
    "e-mail, expiring, no evidence": replace(GRANT, **BY_MAIL, evidence=None, expires_at=NOW + DAY),
}


def with_text(text: str) -> tuple[Grant, Badge, Issuer]:
    """The three with this text wherever a person may have written it."""
    evidence = Evidence(url=text, narrative=text, name=text, description=text, genre=text, audience=text)
    details = Details(
        narrative=text,
        evidence=(evidence, Evidence(url=text), Evidence(name=text)),
        license_number=text,
        results=(Result(key=text, value=text, status=text), Result(key="grade", value=text)),
    )
    grant = replace(GRANT, evidence=text, name=text, closed_reason=text, details=details)
    alignments = tuple(
        Alignment(
            target_name=text,
            target_url=url,
            target_description=text,
            target_framework=text,
            target_code=text,
            target_type=text,
        )
        for url in (text, "https://crafts.example/printing")
    )
    descriptions = tuple(
        ResultDescription(
            key=key, name=text, result_type=text, allowed_values=(text, text), value_min=text, value_max=text
        )
        for key in (text, text, "grade")
    )
    badge = replace(
        BADGE,
        title=text,
        description=text,
        criteria=text,
        image_alt=text,
        info_uri=text,
        hashtags=text,
        language=text,
        alignments=alignments,
        result_descriptions=descriptions,
    )
    return grant, badge, replace(ISSUER, name=text, summary=text, url=text)
