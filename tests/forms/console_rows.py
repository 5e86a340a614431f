"""The table of forms: the console."""

from __future__ import annotations

from tests.console import PASSWORD
from tests.forms.rows import Bad, Row, Sender
from tests.forms.stage import DOMAIN, PAT, SIGN_IN_HOST, SITE

DESK = "/console/o/{organization}"
ORG = "/console/o/org"
MAILED = "each request mails a link; they are few, and each one works once"
NOTED = "it does the same once more, and each time is noted"
CONSOLE_ROWS: tuple[Row, ...] = (
    # In and out
    Row(
        route="/console/sign-in",
        sender=Sender.STRANGER,
        typed={"email": PAT, "password": PASSWORD},
        adds=frozenset({"sessions", "audit_log"}),
        because="the browser keeps the last session, and each one is noted",
        bad=(Bad(typed={"password": "another one"}, field="password", status=401),),
    ),
    Row(
        route="/console/sign-in/link",
        page="/console/sign-in",
        sender=Sender.STRANGER,
        typed={"email": PAT},
        status=200,
        again=200,
        adds=frozenset({"jobs"}),
        because=MAILED,
        bad=(Bad(typed={"email": "pat"}, field="email"),),
    ),
    Row(
        route="/console/sign-in/fediverse",
        page="/console/sign-in",
        sender=Sender.STRANGER,
        typed={"profile": f"@amara@{SIGN_IN_HOST}"},
        status=200,
        again=200,
        adds=frozenset({"oauth_sign_ins"}),
        because="each departure is one of its own; the browser goes on with the last",
        bad=(Bad(typed={"profile": "me"}, field="profile"),),
    ),
    Row(
        route="/console/password",
        sender=Sender.STRANGER,
        typed={"email": PAT},
        status=200,
        again=200,
        adds=frozenset({"jobs"}),
        because=MAILED,
        bad=(Bad(typed={"email": "pat"}, field="email"),),
    ),
    Row(route="/console/link/{uuid}/{key}", page="{sign_in_link}", sender=Sender.STRANGER, again=404),
    Row(
        route="/console/link/{uuid}/{key}",
        page="{password_link}",
        sender=Sender.STRANGER,
        typed={"password": "another password"},
        again=404,
        bad=(Bad(typed={"password": "short"}, field="password"),),
    ),
    Row(
        route="/console/link/{uuid}/{key}", page="{email_link}", sender=Sender.STRANGER, status=200, again=404
    ),
    Row(
        route="/console/link/{uuid}/{key}",
        page="{keep_email_link}",
        sender=Sender.STRANGER,
        status=200,
        again=404,
    ),
    Row(
        route="/console/link/{uuid}/{key}",
        page="{set_up_link}",
        sender=Sender.STRANGER,
        typed={
            "organization_name": "First",
            "slug": "first",
            "name": "Pat",
            "email": PAT,
            "password": PASSWORD,
        },
        status=409,
        again=409,
        bad=(
            Bad(typed={"organization_name": ""}, field="organization_name"),
            Bad(typed={"slug": "a b"}, field="slug"),
            Bad(typed={"name": ""}, field="name"),
            Bad(typed={"email": "pat"}, field="email"),
            Bad(typed={"password": "short"}, field="password"),
        ),
    ),
    Row(
        route="/console/invitation/{uuid}/{key}",
        page="{invitation}",
        sender=Sender.STRANGER,
        typed={"name": "New", "password": PASSWORD},
        again=404,
        bad=(
            Bad(typed={"name": ""}, field="name"),
            Bad(typed={"password": "short"}, field="password"),
        ),
    ),
    Row(route="/console/sign-out", page="/console/account"),
    # Account
    Row(
        route="/console/account/name",
        page="/console/account",
        typed={"name": "Pat Example"},
        bad=(Bad(typed={"name": ""}, field="name"),),
    ),
    Row(
        route="/console/account/email",
        page="/console/account",
        typed={"email": "pat.two@example.org", "password": PASSWORD},
        adds=frozenset({"account_links", "jobs"}),
        because=MAILED,
        bad=(
            Bad(typed={"email": "pat"}, field="email"),
            Bad(typed={"email": PAT}, field="email"),
            Bad(typed={"password": "another one"}, field="password"),
        ),
    ),
    Row(
        route="/console/account/password",
        page="/console/account",
        adds=frozenset({"jobs"}),
        because=MAILED,
    ),
    Row(
        route="/console/account/profiles/link",
        page="/console/account",
        typed={"profile": f"@amara@{SIGN_IN_HOST}"},
        status=200,
        again=200,
        adds=frozenset({"oauth_sign_ins"}),
        because="each departure is one of its own; the browser goes on with the last",
        bad=(Bad(typed={"profile": "me"}, field="profile"),),
    ),
    Row(route="/console/account/profiles/unlink", page="/console/account"),
    Row(route="/console/account/sessions/end", page="/console/account"),
    Row(route="/console/account/sessions/end-others", page="/console/account"),
    # Grants
    *(
        Row(
            route=f"{DESK}/grants/{{uuid}}/{move}",
            page=f"{ORG}/grants/{{published}}",
            typed={"reason": "By mistake"},
            bad=(
                Bad(typed={"reason": ""}, field="reason"),
                Bad(typed={"reason": "x" * 5000}, field="reason"),
            ),
        )
        for move in ("revoke", "suspend")
    ),
    Row(route=f"{DESK}/grants/{{uuid}}/reinstate", page=f"{ORG}/grants/{{suspended}}"),
    Row(route=f"{DESK}/grants/{{uuid}}/send-again", page=f"{ORG}/grants/{{waiting}}", again=429),
    Row(route=f"{DESK}/grants/{{uuid}}/remind", page=f"{ORG}/grants/{{waiting}}", again=429),
    Row(
        route=f"{DESK}/granting",
        typed={"badge": "{badge_id}", "recipient": "lou@example.org", "expires": ""},
        status=200,
        again=200,
        bad=(
            Bad(typed={"badge": ""}, field="badge"),
            Bad(typed={"recipient": ""}, field="recipient"),
            Bad(typed={"recipient": "lou"}, field="recipient"),
            Bad(typed={"name": "x" * 300}, field="name"),
            Bad(typed={"evidence": "x" * 2001}, field="evidence"),
            Bad(typed={"narrative": "x" * 2001}, field="narrative"),
            Bad(typed={"license": "x" * 300}, field="license"),
            Bad(typed={"expires": "2001-01-01"}, field="expires"),
        ),
    ),
    Row(
        route=f"{DESK}/granting/change",
        through=f"{DESK}/granting",
        status=200,
        again=200,
    ),
    Row(route=f"{DESK}/granting/send", through=f"{DESK}/granting"),
    # Lists
    Row(
        route=f"{DESK}/lists",
        typed={"file": b"email\nlou@example.org\n", "badge": "{badge_id}"},
        bad=(
            Bad(typed={"file": b""}, field="file"),
            Bad(typed={"file": b"a\x00b"}, field="file"),
        ),
    ),
    Row(
        route=f"{DESK}/lists/drafts/{{uuid}}",
        page=f"{ORG}/lists/drafts/{{draft}}",
        typed={"column-0": "email", "column-1": "name"},
        bad=(
            Bad(typed={"column-0": "ignore"}, field="column-0"),
            Bad(typed={"column-1": "email"}, field="column-1"),
        ),
    ),
    Row(route=f"{DESK}/lists/drafts/{{uuid}}/start", page=f"{ORG}/lists/drafts/{{draft}}/trial"),
    # People
    Row(
        route=f"{DESK}/people/invite",
        page=f"{ORG}/people",
        typed={"email": "ivy@example.org", "role": "issuer"},
        bad=(
            Bad(typed={"email": "ivy"}, field="email"),
            Bad(typed={"email": PAT}, field="email", status=409),
            Bad(typed={"role": "king"}, field="role"),
        ),
    ),
    Row(route=f"{DESK}/people/withdraw", page=f"{ORG}/people"),
    Row(
        route=f"{DESK}/people/role",
        page=f"{ORG}/people",
        about={"user": "{member}"},
        typed={"role": "issuer"},
        bad=(Bad(typed={"role": "king"}, field="role"),),
    ),
    Row(route=f"{DESK}/people/remove", page=f"{ORG}/people", about={"user": "{member}"}),
    # Issuers
    Row(
        route=f"{DESK}/issuers/new",
        typed={"username": "club", "name": "The Club", "summary": "", "url": SITE, "email": PAT},
        bad=(
            Bad(typed={"username": "a b"}, field="username"),
            Bad(typed={"username": "org"}, field="username", status=409),
            Bad(typed={"name": ""}, field="name"),
            Bad(typed={"summary": "x" * 2500}, field="summary"),
            Bad(typed={"url": "nowhere"}, field="url"),
            Bad(typed={"email": "club"}, field="email"),
            Bad(typed={"linkedin_organization_id": "x"}, field="linkedin_organization_id"),
            Bad(typed={"colour": "red"}, field="colour"),
            Bad(typed={"posting": "loudly"}, field="posting"),
            Bad(typed={"image": b"no picture"}, field="image"),
        ),
    ),
    Row(
        route=f"{DESK}/issuers/{{uuid}}/edit",
        page=f"{ORG}/issuers/{{org_issuer}}/edit",
        typed={"name": "The Union"},
        bad=(
            Bad(typed={"name": ""}, field="name"),
            Bad(typed={"url": "nowhere"}, field="url"),
            Bad(typed={"image": b"no picture"}, field="image"),
        ),
    ),
    Row(
        route=f"{DESK}/issuers/{{uuid}}/verify",
        page=f"{ORG}/issuers/{{unproved_issuer}}",
        typed={"code": "{issuer_code}"},
        bad=(Bad(typed={"code": "none"}, field="code", counts=frozenset({"issuer_verifications"})),),
    ),
    Row(route=f"{DESK}/issuers/{{uuid}}/send-code", page=f"{ORG}/issuers/{{unproved_issuer}}"),
    Row(
        route=f"{DESK}/issuers/{{uuid}}/website",
        page=f"{ORG}/issuers/{{org_issuer}}",
        adds=frozenset({"audit_log"}),
        because=NOTED,
    ),
    Row(route=f"{DESK}/issuers/{{uuid}}/keys", page=f"{ORG}/issuers/{{org_issuer}}/keys"),
    Row(route=f"{DESK}/issuers/{{uuid}}/delete", page=f"{ORG}/issuers/{{unproved_issuer}}/delete"),
    # Badges
    Row(
        route=f"{DESK}/badges/new",
        typed={"title": "New", "description": "It is new.", "criteria": "Be new."},
        bad=(
            Bad(typed={"title": ""}, field="title"),
            Bad(typed={"description": ""}, field="description"),
            Bad(typed={"criteria": ""}, field="criteria"),
            Bad(typed={"badge_type": "thing"}, field="badge_type"),
            Bad(typed={"image": b"no picture"}, field="image"),
            Bad(typed={"expires_in_days": "soon"}, field="expires_in_days"),
            Bad(typed={"language": "klingon!"}, field="language"),
            Bad(typed={"info_uri": "nowhere"}, field="info_uri"),
            Bad(typed={"target_name-0": "Skill"}, field="target_url-0"),
        ),
    ),
    Row(
        route=f"{DESK}/badges/{{uuid}}/edit",
        page=f"{ORG}/badges/{{bare_badge}}/edit",
        typed={"title": "Changed"},
        bad=(Bad(typed={"title": ""}, field="title"),),
    ),
    Row(
        route=f"{DESK}/badges/preview",
        page=f"{ORG}/badges/new",
        typed={"title": "New", "description": "It is new.", "criteria": "Be new."},
        status=200,
        again=200,
        bad=(Bad(typed={"badge_type": "thing"}, field="badge_type"),),
    ),
    Row(
        route=f"{DESK}/badges/{{uuid}}/preview",
        page=f"{ORG}/badges/{{bare_badge}}/edit",
        typed={"title": "Changed"},
        status=200,
        again=200,
        bad=(Bad(typed={"badge_type": "thing"}, field="badge_type"),),
    ),
    Row(route=f"{DESK}/badges/{{uuid}}/active", page=f"{ORG}/badges/{{bare_badge}}"),
    Row(route=f"{DESK}/badges/{{uuid}}/delete", page=f"{ORG}/badges/{{bare_badge}}/delete"),
    # Domain, keys, webhooks, other servers
    Row(
        route=f"{DESK}/domain/verify",
        page=f"{ORG}/domain",
        typed={"domain": DOMAIN},
        adds=frozenset({"audit_log"}),
        because=NOTED,
        bad=(
            Bad(typed={"domain": "no domain"}, field="domain"),
            Bad(typed={"domain": "gone.example"}, field="domain", status=422),
        ),
    ),
    Row(
        route=f"{DESK}/keys",
        typed={"name": "Courses"},
        status=200,
        again=409,
        bad=(
            Bad(typed={"name": ""}, field="name"),
            Bad(typed={"dialect": "klingon"}, field="dialect"),
            Bad(typed={"expires": "9"}, field="expires"),
        ),
    ),
    Row(route=f"{DESK}/keys/revoke", page=f"{ORG}/keys"),
    Row(
        route=f"{DESK}/webhooks",
        typed={"url": "https://hooks.example/in", "description": "Ours"},
        status=200,
        again=409,
        bad=(
            Bad(typed={"url": "nowhere"}, field="url"),
            Bad(typed={"description": "x" * 500}, field="description"),
        ),
    ),
    Row(
        route=f"{DESK}/webhooks/{{webhook}}",
        typed={"url": "https://hooks.example/in", "description": "Ours"},
        adds=frozenset({"audit_log"}),
        because=NOTED,
        bad=(
            Bad(typed={"url": "nowhere"}, field="url"),
            Bad(typed={"description": "x" * 500}, field="description"),
        ),
    ),
    Row(
        route=f"{DESK}/webhooks/{{webhook}}/rotate-secret",
        page=f"{DESK}/webhooks/{{webhook}}",
        status=200,
        again=409,
    ),
    Row(route=f"{DESK}/webhooks/{{webhook}}/delete", page=f"{DESK}/webhooks/{{webhook}}"),
    Row(
        route=f"{DESK}/webhooks/{{webhook}}/test",
        page=f"{DESK}/webhooks/{{webhook}}",
        adds=frozenset({"audit_log", "webhook_deliveries"}),
        because="a test tells of nothing, however many there are",
    ),
    Row(route=f"{DESK}/webhooks/{{webhook}}/replay-failed", page=f"{DESK}/webhooks/{{webhook}}/deliveries"),
    Row(
        route=f"{DESK}/webhooks/{{webhook}}/deliveries/{{delivery}}/replay",
        page=f"{DESK}/webhooks/{{webhook}}/deliveries/{{delivery}}",
    ),
    Row(
        route=f"{DESK}/federation/retry",
        page=f"{ORG}/federation",
        adds=frozenset({"audit_log"}),
        because=NOTED,
    ),
    Row(
        route="/console/server/federation/retry",
        page="/console/server/federation",
        sender=Sender.OPERATOR,
        adds=frozenset({"audit_log"}),
        because=NOTED,
    ),
    Row(route=f"{DESK}/followers/{{username}}/remove", page=f"{ORG}/followers/org"),
)
