"""The table of forms: pages for everybody, for recipients and for who holds badges."""

from __future__ import annotations

from tests.forms.rows import Bad, Row, Sender
from tests.forms.stage import HOLDER_LINK, HOST, SITE

PAGE_ROWS: tuple[Row, ...] = (
    Row(
        route="/follow/{username}",
        sender=Sender.STRANGER,
        typed={"handle": f"@me@{HOST}"},
        status=200,
        again=200,
        bad=(
            Bad(typed={"handle": "me"}, field="handle"),
            Bad(typed={"handle": "@me@gone.example"}, field="handle", status=422),
        ),
    ),
    Row(
        route="/share/{uuid}",
        sender=Sender.STRANGER,
        typed={"handle": f"@me@{HOST}"},
        status=200,
        again=200,
        bad=(Bad(typed={"handle": ""}, field="handle"),),
    ),
    Row(
        route="/verify",
        sender=Sender.STRANGER,
        typed={"badge": "{other_badge}"},
        status=200,
        again=200,
        bad=(
            Bad(typed={"badge": ""}, field="badge"),
            Bad(typed={"badge": "no badge"}, field="badge"),
            Bad(typed={"badge": "", "file": b"\x00"}, field="file"),
        ),
    ),
    Row(
        route="/verify-issuer/{uuid}/{key}",
        sender=Sender.STRANGER,
        status=200,
        again=404,
    ),
    Row(
        route="/accept/grant/{grant_id}/{key}",
        sender=Sender.STRANGER,
        typed={"visibility": "unlisted"},
        press=("answer", "accept"),
        again=404,
        bad=(Bad(typed={"visibility": "everybody"}, field="visibility"),),
    ),
    Row(
        route="/accept/grant/{grant_id}/{key}",
        sender=Sender.STRANGER,
        typed={"reason": "It is somebody else's."},
        press=("answer", "decline"),
        again=404,
    ),
    Row(
        route="/grants/{grant_id}/{key}/profile",
        page="{own_page}",
        sender=Sender.STRANGER,
        typed={"profile": f"@me@{HOST}"},
        bad=(Bad(typed={"profile": "me"}, field="profile"),),
    ),
    Row(
        route="/grants/{grant_id}/{key}/code",
        page="{own_page}",
        sender=Sender.STRANGER,
        typed={"code": "{code}"},
        again=400,
        bad=(Bad(typed={"code": "none"}, field="code", counts=frozenset({"profile_challenges"})),),
    ),
    Row(
        route="/me",
        sender=Sender.STRANGER,
        typed={"identity": "jane@example.org"},
        status=200,
        again=200,
        bad=(Bad(typed={"identity": "jane"}, field="identity"),),
    ),
    Row(
        route="/me/link/{token}",
        page=f"/me/link/{HOLDER_LINK}",
        sender=Sender.STRANGER,
        again=404,
    ),
    Row(
        route="/me/identities",
        page="/me",
        sender=Sender.HOLDER,
        typed={"identity": "more@example.org"},
        bad=(Bad(typed={"identity": "more"}, field="identity"),),
    ),
    Row(route="/me/sign-out", page="/me", sender=Sender.HOLDER),
    Row(
        route="/me/imported",
        page="/me",
        sender=Sender.HOLDER,
        typed={"badge": "{other_badge}"},
        bad=(
            Bad(typed={"badge": ""}, field="badge"),
            Bad(typed={"badge": "no badge"}, field="badge"),
            Bad(typed={"badge": "", "file": b"\x00"}, field="file"),
        ),
    ),
    Row(route="/me/imported/{uuid}/check", page="/me/imported/{brought}", sender=Sender.HOLDER),
    Row(route="/me/imported/{uuid}/show", page="/me/imported/{brought}", sender=Sender.HOLDER),
    Row(route="/me/imported/{uuid}/remove", page="/me/imported/{brought}", sender=Sender.HOLDER),
    Row(
        route="/me/badges/{uuid}/visibility",
        page="/me/badges/{held}",
        sender=Sender.HOLDER,
        typed={"visibility": "private"},
        bad=(Bad(typed={"visibility": "everybody"}, field="visibility"),),
    ),
    Row(route="/me/badges/{uuid}/move", page="/me", sender=Sender.HOLDER, press=("direction", "down")),
    Row(route="/me/badges/{uuid}/hide", page="/me/badges/{held}", sender=Sender.HOLDER),
    Row(
        route="/me/profile",
        sender=Sender.HOLDER,
        typed={"handle": "amara2", "name": "Amara", "bio": "Prints.", "link0": SITE, "link1": ""},
        bad=(
            Bad(typed={"handle": "a b"}, field="handle"),
            Bad(typed={"handle": "org"}, field="handle", status=409),
            Bad(typed={"name": "x" * 200}, field="name"),
            Bad(typed={"bio": "x" * 900}, field="bio"),
            Bad(typed={"link1": "nowhere"}, field="link1"),
        ),
    ),
    Row(
        route="/me/profile/check",
        page="/me/profile",
        sender=Sender.HOLDER,
        about={"url": SITE},
    ),
    Row(
        route="/me/erase",
        sender=Sender.HOLDER,
        typed={"identity": "{alias}"},
        status=200,
        again=200,
        bad=(Bad(typed={"identity": "mailto:other@example.org"}, field="identity"),),
    ),
)
