"""What the columns of a list may be called, and how its own names are mapped to ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from badgefed.errors import Invalid

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "email": (
        "email",
        "mail",
        "emailaddress",
        "mailaddress",
        "recipientemail",
        "issuedtoemail",
        "emailadresse",
        "empfängeremail",
        "courriel",
        "correo",
        "correoelectronico",
    ),
    "profile": (
        "profile",
        "profileuri",
        "profileurl",
        "handle",
        "fediverse",
        "fediversehandle",
        "fediverseaddress",
        "mastodon",
        "activitypub",
        "actor",
        "account",
        "profil",
        "fediverseadresse",
    ),
    "name": (
        "name",
        "fullname",
        "recipient",
        "recipientname",
        "issuedtoname",
        "displayname",
        "participant",
        "student",
        "learner",
        "vollständigername",
        "empfänger",
        "empfängerin",
        "teilnehmer",
        "teilnehmerin",
        "teilnehmende",
        "nom",
        "nombre",
    ),
    "badge": (
        "badge",
        "badgeid",
        "badgeuuid",
        "badgeslug",
        "slug",
        "uuid",
        "badgeclass",
        "achievement",
        "abzeichen",
    ),
    "evidence": ("evidence", "evidenceurl", "proof", "nachweis", "beleg"),
    "narrative": (
        "narrative",
        "description",
        "comment",
        "note",
        "remark",
        "beschreibung",
        "begründung",
        "bemerkung",
    ),
    "licenseNumber": (
        "licensenumber",
        "licencenumber",
        "license",
        "licence",
        "certificatenumber",
        "serialnumber",
        "lizenznummer",
        "zertifikatsnummer",
    ),
    "expires": (
        "expires",
        "expiresat",
        "expiry",
        "expirydate",
        "expirationdate",
        "validuntil",
        "expireson",
        "gültigbis",
        "ablaufdatum",
    ),
}
FIELDS = tuple(SYNONYMS)

_KNOWN = {synonym: field for field, synonyms in SYNONYMS.items() for synonym in synonyms}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The field in each column, None for one that is ignored, and what those are called."""

    fields: tuple[str | None, ...]
    ignored: tuple[str, ...]


def find_field(name: str) -> str | None:
    """The field that a column or member of this name holds, whatever its case and its punctuation."""
    return _KNOWN.get("".join(filter(str.isalnum, name.casefold())))


def read_columns(header: Sequence[str], mapping: Mapping[str, str | None]) -> Columns:
    """`mapping` goes from the list's own names to ours, or to None for what is to be ignored, and comes first. Raises `Invalid`."""
    missing = [name for name in mapping if name not in header]
    if missing:
        raise Invalid(
            f"mapping names the column {_show(missing[0])}, which the file doesn't have.", field="mapping"
        )
    fields = tuple(mapping[name] if name in mapping else find_field(name) for name in header)
    found = [field for field in fields if field is not None]
    for field in found:
        if found.count(field) > 1:
            names = [name for name, one in zip(header, fields, strict=True) if one == field]
            raise Invalid(
                f"The columns {', '.join(map(_show, names))} all mean {field}: say with mapping which one does.",
                field="mapping",
            )
    if not {"email", "profile"}.intersection(found):
        raise Invalid(
            "The file has no column for the recipients: its first line must name one of email or profile."
        )
    ignored = tuple(name[:100] for name, field in zip(header, fields, strict=True) if field is None and name)
    return Columns(fields=fields, ignored=ignored)


def read_mapping(value: object) -> Mapping[str, str]:
    """A JSON object from column names to fields. Raises `Invalid`."""
    if not isinstance(value, dict) or not all(isinstance(field, str) for field in value.values()):
        raise Invalid('mapping must be a JSON object like {"Learner": "name"}', field="mapping")
    unknown = [field for field in value.values() if field not in FIELDS]
    if unknown:
        raise Invalid(
            f"mapping: there is no field {_show(unknown[0])}; there are {', '.join(FIELDS)}", field="mapping"
        )
    return value


def _show(name: str) -> str:
    return repr(name[:100])
