"""Badge posts and direct messages as the peers' own rules see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY, SECOND, format_rfc3339
from badgefed.model.visibility import Posting, Visibility
from badgefed.protocol import openbadges2
from badgefed.protocol.activities import PUBLIC, create
from badgefed.protocol.messages import code_message, grant_message, help_message
from badgefed.protocol.notes import (
    MAX_NOTE_BYTES,
    Mentioned,
    Picture,
    audience,
    badge_note,
    next_revision,
)
from tests.protocol import peers
from tests.protocol.badge_values import (
    ADDRESSES,
    BADGE,
    BY_MAIL,
    GRANT,
    HARD_TEXTS,
    ISSUER,
    JANE,
    NOW,
    NOW_TEXT,
    SALT,
    with_text,
)

FOLLOWERS = f"{ISSUER.actor_id}/followers"
ACCEPT_URL = "https://badges.example/accept/grant/7/9f8a"
MESSAGE_ID = f"{ISSUER.actor_id}/statuses/m1"
PICTURE = Picture(
    url="https://badges.example/badge-image/5",
    media_type="image/png",
    width=1200,
    height=1200,
    blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
)
MAIL_GRANT = replace(GRANT, **BY_MAIL)


def embedded_assertion(grant: Grant, badge: Badge, issuer: Issuer) -> dict[str, Any]:
    """The Assertion with badge and issuer in it: the deepest and largest form."""
    assertion = openbadges2.assertion(grant, badge, ADDRESSES, salt=SALT)
    profile = openbadges2.issuer_profile(issuer, ADDRESSES)
    return assertion | {
        "badge": openbadges2.badge_class(badge, issuer, ADDRESSES) | {"issuer": profile},
    }


def make_note(
    grant: Grant = GRANT, badge: Badge = BADGE, issuer: Issuer = ISSUER, **more: Any
) -> dict[str, Any]:
    assertion = more.pop("assertion", None) or embedded_assertion(grant, badge, issuer)
    return badge_note(
        grant=grant,
        badge=badge,
        issuer=issuer,
        addresses=ADDRESSES,
        picture=PICTURE,
        assertion=assertion,
        **more,
    )


def make_message(
    grant: Grant = GRANT, badge: Badge = BADGE, issuer: Issuer = ISSUER, **more: Any
) -> dict[str, Any]:
    return grant_message(
        note_id=MESSAGE_ID,
        now=NOW,
        grant=grant,
        badge=badge,
        issuer=issuer,
        accept_url=ACCEPT_URL,
        **more,
    )


def make_help(**more: Any) -> dict[str, Any]:
    return help_message(
        note_id=MESSAGE_ID,
        now=NOW,
        grant=GRANT,
        issuer=ISSUER,
        in_reply_to="https://social.example/notes/1",
        accept_url=ACCEPT_URL,
        **more,
    )


def make_code(**more: Any) -> dict[str, Any]:
    return code_message(
        note_id=MESSAGE_ID,
        now=NOW,
        issuer=ISSUER,
        badge=BADGE,
        recipient=Mentioned(
            actor_id="https://social.example/users/ann",
            name="@ann@social.example",
            url="https://social.example/@ann",
        ),
        code="ABCD-EFGH",
        **more,
    )


def posted(note: Mapping[str, Any]) -> dict[str, Any]:
    return create(f"{note['id']}/activity", note)


def every_problem(note: dict[str, Any]) -> list[str]:
    activity = posted(note)
    return [
        *peers.wire_problems(note, host="badges.example"),
        *peers.wire_problems(activity, host="badges.example"),
        *peers.note_problems(note),
        *peers.misskey_problems(activity),
    ]


VARIANTS = {
    "public": GRANT,
    "unlisted": replace(GRANT, visibility=Visibility.UNLISTED),
    "private": replace(GRANT, visibility=Visibility.PRIVATE),
    "by e-mail": MAIL_GRANT,
    "by e-mail, unlisted": replace(MAIL_GRANT, visibility=Visibility.UNLISTED),
    "without a name": replace(GRANT, name=None, evidence=None),
    "by e-mail, without a name": replace(MAIL_GRANT, name=None),
    "handle unknown": replace(GRANT, handle=None),
    "expiring": replace(GRANT, expires_at=NOW + DAY, fingerprint="ab" * 32),
}


@pytest.mark.parametrize("posting", Posting)
@pytest.mark.parametrize("grant", VARIANTS.values(), ids=VARIANTS)
def test_badge_notes_break_no_rule(grant: Grant, posting: Posting) -> None:
    note = make_note(grant, issuer=replace(ISSUER, posting=posting))
    assert every_problem(note) == []
    assert peers.pixelfed_problems(posted(note)) == []
    assert peers.mastodon_html(note["content"]) == note["content"]
    assert isinstance(peers.badgefed_reads(note), peers.BadgeFedNote)
    assert isinstance(peers.badgefed_reads(posted(note)), peers.BadgeFedActivity)


def test_the_note_of_a_public_grant() -> None:
    note = make_note()
    mention = '<span class="h-card"><a href="https://social.example/@jane" class="u-url mention">@<span>jane</span></a></span>'
    assert note["content"] == (
        f"<p>{mention} received the badge <strong>3-D Printmaster</strong> from Maker Society.</p>"
        "<p>Awarded for passing the test.</p>"
        "<ul><li><strong>Criteria</strong>: Students are tested.</li>"
        '<li><strong>Evidence</strong>: <a href="https://jane.example/work">https://jane.example/work</a></li>'
        "<li><strong>Issued on</strong>: 2026-02-25</li><li><strong>Accepted on</strong>: 2026-02-25</li></ul>"
        f'<p><a href="{GRANT.note_uri}">Verify this badge</a></p>'
        '<p><a href="https://badges.example/tags/3d" class="mention hashtag" rel="tag">#<span>3d</span></a> '
        '<a href="https://badges.example/tags/printing" class="mention hashtag" rel="tag">#<span>printing</span></a></p>'
    )
    assert note["id"] == note["url"] == GRANT.note_uri
    assert note["attachment"] == [
        {
            "type": "Image",
            "mediaType": "image/png",
            "url": PICTURE.url,
            "name": "a blue square",
            "width": 1200,
            "height": 1200,
            "blurhash": PICTURE.blurhash,
        }
    ]
    assert note["tag"] == [
        {"type": "Mention", "href": JANE, "name": "@jane@social.example"},
        {"type": "Hashtag", "href": "https://badges.example/tags/3d", "name": "#3d"},
        {"type": "Hashtag", "href": "https://badges.example/tags/printing", "name": "#printing"},
        {
            "type": "Link",
            "href": f"https://badges.example/certify-badge/award/{GRANT.uuid}",
            "mediaType": "application/ld+json",
            "rel": "related",
            "name": "Open Badges assertion",
        },
    ]
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": [PUBLIC]}}
    assert note["openbadges:assertion"]["badge"]["issuer"]["name"] == "Maker Society"
    assert "inReplyTo" not in note


@pytest.mark.parametrize(
    ("visibility", "posting", "to", "cc", "mastodon", "misskey", "hollo"),
    [
        (Visibility.PUBLIC, Posting.QUIET, [FOLLOWERS], [PUBLIC, JANE], "unlisted", "home", "unlisted"),
        (Visibility.PUBLIC, Posting.PUBLIC, [PUBLIC], [FOLLOWERS, JANE], "public", "public", "public"),
        (Visibility.UNLISTED, Posting.QUIET, [JANE], [], "direct", "specified", "direct"),
        (Visibility.UNLISTED, Posting.PUBLIC, [JANE], [], "direct", "specified", "direct"),
        (Visibility.PRIVATE, Posting.QUIET, [JANE], [], "direct", "specified", "direct"),
        (Visibility.PRIVATE, Posting.PUBLIC, [JANE], [], "direct", "specified", "direct"),
    ],
)
def test_audience_as_peers_understand_it(
    visibility: Visibility,
    posting: Posting,
    to: list[str],
    cc: list[str],
    mastodon: str,
    misskey: str,
    hollo: str,
) -> None:
    note = make_note(replace(GRANT, visibility=visibility), issuer=replace(ISSUER, posting=posting))
    assert (note["to"], note["cc"]) == (to, cc)
    assert peers.mastodon_visibility(note, followers=FOLLOWERS) == mastodon
    assert peers.misskey_visibility(note, followers=FOLLOWERS) == misskey
    assert peers.hollo_visibility(note, followers=FOLLOWERS) == hollo
    assert (posted(note)["to"], posted(note)["cc"]) == (to, cc)


def test_audience_without_a_profile() -> None:
    assert audience(Visibility.PUBLIC, Posting.QUIET, followers=FOLLOWERS, recipient=None) == (
        [FOLLOWERS],
        [PUBLIC],
    )
    assert audience(Visibility.PRIVATE, Posting.QUIET, followers=FOLLOWERS, recipient=None) == ([], [])


@pytest.mark.parametrize("posting", Posting)
def test_the_recipients_server_keeps_the_note_although_nobody_follows_the_issuer(posting: Posting) -> None:
    activity = posted(make_note(issuer=replace(ISSUER, posting=posting)))
    assert peers.mastodon_stores(activity, local_ids={JANE}, followed=False)
    assert not peers.mastodon_stores(activity, local_ids={"https://other.example/u"}, followed=False)


@pytest.mark.parametrize(
    ("moments", "published"),
    [
        ({"accepted_at": NOW + 5 * DAY, "processed_at": NOW + 6 * DAY}, NOW + 5 * DAY),
        ({"accepted_at": None, "processed_at": NOW + DAY}, NOW + DAY),
        ({"accepted_at": None}, NOW),
    ],
)
def test_published_is_the_moment_of_acceptance(moments: dict[str, Any], published: int) -> None:
    note = make_note(replace(GRANT, **moments))
    assert note["published"] == format_rfc3339(published)
    assert note["vocalcat:badgeAssertion"]["issuedOn"] == NOW_TEXT


def test_an_edit_changes_nothing_but_content_and_updated() -> None:
    first, edited = make_note(), make_note(badge=replace(BADGE, title="New"), updated=NOW + SECOND)
    stable = ("id", "type", "attributedTo", "published", "to", "cc", "url")
    assert [first[name] for name in stable] == [edited[name] for name in stable]
    assert edited["updated"] == "2026-02-25T06:13:21Z"
    assert every_problem(edited) == []


@pytest.mark.parametrize(
    ("previous", "now", "next_instant"),
    [
        (NOW, NOW + DAY, NOW + DAY),
        (NOW, NOW, NOW + SECOND),
        (NOW, NOW + 999_999, NOW + SECOND),
        (NOW + 3 * SECOND, NOW, NOW + 4 * SECOND),
        (NOW + 7, NOW + 8, NOW + SECOND),
    ],
)
def test_each_revision_is_a_later_second(previous: int, now: int, next_instant: int) -> None:
    assert next_revision(previous, now) == next_instant
    assert format_rfc3339(next_revision(previous, now)) > format_rfc3339(previous)


def test_badgefed_imports_a_public_badge_under_the_notes_id() -> None:
    grant = replace(GRANT, fingerprint="ab" * 32)
    record = peers.badgefed_imports(make_note(grant))
    assert record is not None
    assert (record.id, record.issuedBy, record.issuedToSubjectUri) == (GRANT.note_uri, ISSUER.actor_id, JANE)
    assert (record.name, record.image, record.hashtags) == ("3-D Printmaster", PICTURE.url, "3d printing")
    assert (record.issuedOn, record.acceptedOn, record.fingerPrint) == (NOW_TEXT, NOW_TEXT, "ab" * 32)


@pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.PRIVATE])
def test_what_is_not_public_is_not_offered_for_import_hashtags_or_quotes(visibility: Visibility) -> None:
    note = make_note(replace(GRANT, visibility=visibility))
    assert peers.badgefed_imports(note) is None
    assert not [tag for tag in note["tag"] if tag["type"] == "Hashtag"]
    assert "hashtag" not in note["content"]
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": [ISSUER.actor_id]}}
    assert PUBLIC not in json.dumps(note)


def test_hashtags_are_posted_only_if_asked_for_and_only_as_peers_read_them() -> None:
    silent = make_note(badge=replace(BADGE, post_hashtags=False))
    assert not [tag for tag in silent["tag"] if tag["type"] == "Hashtag"]
    assert silent["vocalcat:badgeAssertion"]["hashtags"] == "3d printing"
    odd = make_note(badge=replace(BADGE, hashtags="#ok #2026 #a-b #a.b #été <b> #ok #_"))
    assert [tag["name"] for tag in odd["tag"] if tag["type"] == "Hashtag"] == ["#ok", "#été", "#_"]


@pytest.mark.parametrize(
    "grant",
    [
        MAIL_GRANT,
        replace(MAIL_GRANT, name="jane@mail.example"),
        replace(MAIL_GRANT, name="Jane <jane@mail.example>", evidence="Ask JANE@mail.example about it"),
        replace(MAIL_GRANT, evidence="https://forms.example/?who=jane@mail.example"),
        replace(GRANT, email="jane@mail.example", name="Jane@mail.example", evidence="x jane@mail.example"),
    ],
)
def test_the_recipients_email_address_is_nowhere(grant: Grant) -> None:
    note = make_note(grant)
    assert "mail.example" not in json.dumps(note).lower()
    assert every_problem(note) == []
    if grant.actor_id is not None:
        assert "mail.example" not in json.dumps(make_message(grant)).lower()


def test_an_assertion_with_the_address_in_clear_is_left_out() -> None:
    clear = {"recipient": {"type": "email", "identity": "JANE@mail.example"}}
    assert "openbadges:assertion" not in make_note(MAIL_GRANT, assertion=clear)
    assert "openbadges:assertion" in make_note(MAIL_GRANT)


@pytest.mark.parametrize(
    "assertion",
    [{"evidence": "é" * MAX_NOTE_BYTES}, {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}],
    ids=["large", "deep"],
)
def test_an_assertion_that_does_not_fit_is_left_out(assertion: dict[str, Any]) -> None:
    note = make_note(assertion=assertion)
    assert "openbadges:assertion" not in note
    assert every_problem(note) == []


def test_foreign_contexts_in_the_assertion_are_passed_over() -> None:
    assertion = {"@context": ["https://unreachable.example/v1"], "type": "Assertion", "x": {"@context": "y"}}
    assert every_problem(make_note(assertion=assertion)) == []


@pytest.mark.parametrize(
    ("grant", "profile_url", "href"),
    [
        (GRANT, None, "https://social.example/@jane"),
        (GRANT, "https://social.example/web/jane", "https://social.example/web/jane"),
        (GRANT, "https://evil.example/jane", "https://social.example/@jane"),
        (replace(GRANT, profile="https://evil.example/jane"), None, JANE),
        (replace(GRANT, profile="@jane@social.example"), None, JANE),
        (replace(GRANT, profile="javascript:alert(1)"), "https://[bad", JANE),
    ],
)
def test_the_mention_links_to_a_page_on_the_actors_host(
    grant: Grant, profile_url: str | None, href: str
) -> None:
    note = make_note(grant, profile_url=profile_url)
    assert f'<a href="{href}" class="u-url mention">' in note["content"]
    assert note["tag"][0]["href"] == JANE


def test_a_picture_without_blurhash_and_a_badge_without_alternative_text() -> None:
    note = badge_note(
        grant=GRANT,
        badge=replace(BADGE, image_alt=None),
        issuer=ISSUER,
        addresses=ADDRESSES,
        picture=replace(PICTURE, blurhash=None),
        assertion={},
    )
    assert "blurhash" not in note["attachment"][0]
    assert note["attachment"][0]["name"] == "Badge: 3-D Printmaster"


def test_texts_are_translated_and_the_language_is_said() -> None:
    german = {
        "%(recipient)s received the badge %(badge)s from %(issuer)s.": "%(issuer)s gab %(recipient)s <%(badge)s>.",
        "Verify this badge": "Prüfen & staunen",
    }
    note = make_note(language="de", translate=lambda text: german.get(text, text))
    assert note["content"].startswith("<p>Maker Society gab <span")
    assert "&lt;<strong>3-D Printmaster</strong>&gt;" in note["content"]
    assert "Prüfen &amp; staunen" in note["content"]
    assert note["contentMap"] == {"de": note["content"]}


def test_the_offer_as_a_direct_message() -> None:
    message = make_message()
    assert (message["to"], message["cc"], len(message["tag"])) == ([JANE], [], 1)
    assert message["content"] == (
        '<p><span class="h-card"><a href="https://social.example/@jane" class="u-url mention">@<span>jane</span></a></span> '
        "Maker Society would like to grant you the badge <strong>3-D Printmaster</strong>.</p>"
        "<p>Awarded for passing the test.</p><p>https://jane.example/work</p>"
        "<p>Reply “yes” to accept it or “no” to decline it. You can also decide on this page: "
        f'<a href="{ACCEPT_URL}">{ACCEPT_URL}</a></p>'
    )
    assert (message["published"], message["attachment"]) == (NOW_TEXT, [])


@pytest.mark.parametrize(
    "message", [make_message(), make_message(replace(GRANT, evidence=None)), make_help()]
)
def test_direct_messages_are_direct_everywhere(message: dict[str, Any]) -> None:
    assert every_problem(message) == []
    assert peers.mastodon_visibility(message, followers=FOLLOWERS) == "direct"
    assert peers.misskey_visibility(message, followers=FOLLOWERS) == "specified"
    assert peers.hollo_visibility(message, followers=FOLLOWERS) == "direct"
    assert peers.pixelfed_is_message(message)
    assert peers.mastodon_html(message["content"]) == message["content"]
    assert PUBLIC not in json.dumps(posted(message))


def test_help_answers_the_reply() -> None:
    message = make_help()
    assert message["inReplyTo"] == "https://social.example/notes/1"
    assert ACCEPT_URL in message["content"]
    assert "just “yes” or “no”" in message["content"]


def test_nobody_can_be_messaged_without_an_actor() -> None:
    with pytest.raises(ValueError, match="actor id"):
        make_message(MAIL_GRANT)


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_hard_texts_break_nothing(text: str) -> None:
    _check_with(text)


@settings(max_examples=30, deadline=None)
@given(
    st.one_of(
        st.text(max_size=2000),
        st.text(alphabet="<>\"'&$1{}%(badge)s\\é🏅\u202eש\n", min_size=1000, max_size=2000),
        st.sampled_from(["&" * 2000, "🏅" * 2000, "<script>" * 250, "%(issuer)s $1 {title}"]),
    )
)
def test_any_text_in_any_field_breaks_nothing(text: str) -> None:
    _check_with(text)


def _check_with(text: str) -> None:
    grant, badge, issuer = with_text(text)
    note, message = make_note(grant, badge, issuer), make_message(grant, badge, issuer)
    assert every_problem(note) + every_problem(message) == []
    assert peers.pixelfed_problems(posted(note)) == []
    assert "<script" not in note["content"] + message["content"]
    # Serialisers write the apostrophe of an attribute as it is.
    for content in (note["content"], message["content"]):
        assert peers.mastodon_html(content) == content.replace("&#x27;", "'")


def test_a_code_goes_to_the_profile_alone() -> None:
    note = make_code()
    assert (note["to"], note["cc"]) == (["https://social.example/users/ann"], [])
    assert "<strong>ABCD-EFGH</strong>" in note["content"]
    assert note["tag"] == [
        {"type": "Mention", "href": "https://social.example/users/ann", "name": "@ann@social.example"}
    ]
    assert every_problem(note) == []
