"""Direct messages around a grant: the offer, how to answer it, the code that proves a profile."""

from __future__ import annotations

from typing import Any

from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.holder import HolderLinkKind
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.model.visibility import Visibility
from badgefed.protocol.activities import AS2
from badgefed.protocol.html import clip, escape, fill, link, paragraph, strong
from badgefed.protocol.notes import (
    MAX_TEXT,
    MAX_TITLE,
    POLICY_TERMS,
    Mentioned,
    hide_email,
    mentioned,
    quote_policy,
)
from badgefed.texts import N_, Translate, untranslated

_CONTEXT: list[Any] = [AS2, POLICY_TERMS]
_LINK_TEXTS = {
    HolderLinkKind.SIGN_IN: N_("Here is the link to your badges on %(host)s. It works once, for a day:"),
    HolderLinkKind.ADD: N_(
        "Somebody wants to add this profile to their badges on %(host)s. If that was you, open this link in the browser "
        "in which you asked for it; it works once, for a day:"
    ),
    HolderLinkKind.ERASE: N_(
        "Somebody wants to erase everything about this profile on %(host)s, its badges included. If that was you, open "
        "this link in the browser in which you asked for it; it works once, for a day:"
    ),
}


def grant_message(
    *,
    note_id: str,
    now: int,
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    accept_url: str,
    profile_url: str | None = None,
    language: str = "en",
    translate: Translate = untranslated,
) -> dict[str, Any]:
    """The direct message that offers the badge. The grant's `actor_id` must be known."""
    recipient = _require_mentioned(grant, profile_url)
    offer = fill(
        translate("%(issuer)s would like to grant you the badge %(badge)s."),
        issuer=escape(clip(issuer.name, MAX_TITLE)),
        badge=strong(clip(badge.title, MAX_TITLE)),
    )
    reasons = [
        paragraph(escape(text))
        for text in (clip(badge.description, MAX_TEXT), hide_email(grant.evidence or "", grant.email))
        if text
    ]
    answer = escape(
        translate("Reply “yes” to accept it or “no” to decline it. You can also decide on this page:")
    )
    content = "".join(
        [
            paragraph(recipient.html, offer),
            *reasons,
            paragraph(answer, link(accept_url, accept_url)),
        ]
    )
    return _direct_message(note_id, issuer, recipient, now=now, content=content, language=language)


def help_message(
    *,
    note_id: str,
    now: int,
    grant: Grant,
    issuer: Issuer,
    in_reply_to: str,
    accept_url: str,
    profile_url: str | None = None,
    language: str = "en",
    translate: Translate = untranslated,
) -> dict[str, Any]:
    """The direct message that says how to answer, in reply to an answer (`in_reply_to`, its id) that was neither yes nor no."""
    recipient = _require_mentioned(grant, profile_url)
    text = escape(
        translate(
            "Sorry, I could not tell whether you accept the badge. "
            "Please reply with just “yes” or “no”, or decide on this page:"
        )
    )
    content = paragraph(recipient.html, text, link(accept_url, accept_url))
    message = _direct_message(note_id, issuer, recipient, now=now, content=content, language=language)
    return message | {"inReplyTo": in_reply_to}


def code_message(
    *,
    note_id: str,
    now: int,
    issuer: Issuer,
    badge: Badge,
    recipient: Mentioned,
    code: str,
    language: str = "en",
    translate: Translate = untranslated,
) -> dict[str, Any]:
    """The direct message with the code that proves that a profile is the recipient's."""
    text = fill(
        translate(
            "Your code is %(code)s. Somebody wants to put the badge %(badge)s from %(issuer)s on this profile. "
            "If that was not you, do nothing: without the code it can't be done."
        ),
        code=strong(code),
        badge=strong(clip(badge.title, MAX_TITLE)),
        issuer=escape(clip(issuer.name, MAX_TITLE)),
    )
    return _direct_message(
        note_id, issuer, recipient, now=now, content=paragraph(recipient.html, text), language=language
    )


def sign_in_message(
    *,
    note_id: str,
    now: int,
    issuer: Issuer,
    recipient: Mentioned,
    host: str,
    link_url: str,
    kind: HolderLinkKind,
    language: str = "en",
    translate: Translate = untranslated,
) -> dict[str, Any]:
    """The direct message with a holder's link on `host`."""
    text = translate(_LINK_TEXTS[kind])
    warning = translate("If you did not ask for it, do nothing, and don't pass it on.")
    content = "".join(
        [
            paragraph(recipient.html, fill(text, host=escape(host))),
            paragraph(link(link_url, link_url)),
            paragraph(escape(warning)),
        ]
    )
    return _direct_message(note_id, issuer, recipient, now=now, content=content, language=language)


def _direct_message(
    note_id: str, issuer: Issuer, recipient: Mentioned, *, now: int, content: str, language: str
) -> dict[str, Any]:
    """To the recipient and nobody else: one more address and Mastodon no longer treats it as direct."""
    return {
        "@context": _CONTEXT,
        "id": note_id,
        "type": "Note",
        "attributedTo": issuer.actor_id,
        "url": note_id,
        "published": format_rfc3339(now),
        "to": [recipient.actor_id],
        "cc": [],
        "content": content,
        "contentMap": {language: content},
        "sensitive": False,
        "attachment": [],
        "tag": [recipient.tag],
        "interactionPolicy": quote_policy(Visibility.PRIVATE, issuer.actor_id),
    }


def _require_mentioned(grant: Grant, profile_url: str | None) -> Mentioned:
    recipient = mentioned(grant, profile_url)
    if recipient is None:
        raise ValueError("a direct message needs the recipient's actor id")
    return recipient
