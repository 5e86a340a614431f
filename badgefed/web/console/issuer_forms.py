"""The form of an issuer's profile: what it sends, as the use cases want it, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from badgefed.errors import Invalid
from badgefed.issuing.issuers import NewIssuer
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Posting
from badgefed.protocol.raster import UPLOAD_BYTES
from badgefed.web.console.pictures import KEPT, PICTURE
from badgefed.web.forms import Form, read_email

MAX_FORM = UPLOAD_BYTES + 100_000
FIELDS = ("username", "name", "summary", "url", "email", "colour", "posting", "linkedin_organization_id")
MAX_TYPED = 3000


def read_profile(form: Form) -> dict[str, Any]:
    """By the names of `NewIssuer`, `logo` only where a picture was chosen. Raises `Invalid` with the field."""
    fields = form.fields
    profile: dict[str, Any] = {
        "name": fields.get("name", ""),
        "summary": fields.get("summary", ""),
        "url": fields.get("url") or None,
        "email": read_email(fields) if fields.get("email") else None,
        "colour": fields.get("colour", "").lower(),
        "posting": _read_posting(fields.get("posting", "")),
        "linkedin_organization_id": fields.get("linkedin_organization_id") or None,
    }
    if PICTURE in form.files:
        profile["logo"] = form.files[PICTURE]
    return profile


def read_new(form: Form) -> NewIssuer:
    """Raises `Invalid` with the field."""
    username = form.fields.get("username", "").removeprefix("@").lower()
    return NewIssuer(username=username, **read_profile(form))


def _read_posting(text: str) -> Posting:
    try:
        return Posting(text)
    except ValueError:
        raise Invalid("Choose how its badges are posted: quietly or publicly.", field="posting") from None


def typed_from(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: form.get(name, "")[:MAX_TYPED] for name in (*FIELDS, KEPT)}


def typed_of(issuer: Issuer) -> dict[str, str]:
    """The form of an issuer as it is."""
    return {**{name: str(getattr(issuer, name) or "") for name in FIELDS}, KEPT: ""}
