"""Badges in SVG files: one element per version of Open Badges, right after the root's start."""

from __future__ import annotations

import re

from lxml import etree

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.baked import FIELD, Baked, encode, only_one, read_bakeable
from badgefed.protocol.jose import looks_like_jws
from badgefed.protocol.jsonld import is_iri

ASSERTION_NAMESPACE = "http://openbadges.org"
CREDENTIAL_NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
ASSERTION = f"{{{ASSERTION_NAMESPACE}}}assertion"
CREDENTIAL = f"{{{CREDENTIAL_NAMESPACE}}}credential"

MAX_CHARACTERS = 8 * 1024 * 1024
MAX_TAGS = 200_000

_ROOTS = frozenset({"{http://www.w3.org/2000/svg}svg", "svg"})
_PROLOG = re.compile(
    r"""\ufeff?(?:\s|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE(?:[^\["'>]|"[^"]*"|'[^']*')*+(?P<subset>\[)?""",
    re.DOTALL,
)
_NOT_IN_CDATA = re.compile("(?<=]])>|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bake_svg(svg: str, *, assertion: str | None = None, credential: str | None = None) -> str:
    """The picture with these texts, JSON objects or compact JWS; what was baked in before is taken out.

    JSON keeps its value, not always its spelling: what XML can't hold is escaped. Raises as `unbake_svg`, and Invalid for other
    texts and for an Assertion as JSON without an id.
    """
    root = _parse(svg)
    etree.strip_elements(root, ASSERTION, CREDENTIAL, with_tail=False)
    if credential is not None:
        root.insert(0, _credential_element(credential))
    if assertion is not None:
        root.insert(0, _assertion_element(assertion))
    return etree.tostring(root.getroottree(), encoding="unicode")


def unbake_svg(svg: str) -> Baked:
    """What the picture carries, wherever in it; a JWS in `verify` goes before a body.

    Raises UnsupportedMedia for what is no SVG, TooLarge, and Invalid for what is not well-formed, declares entities, nests
    deeper than 256 levels, or carries two different texts of one kind.
    """
    root = _parse(svg)
    return Baked(
        assertion=only_one([_read(element) for element in root.iter(ASSERTION)], "openbadges:assertion"),
        credential=only_one([_read(element) for element in root.iter(CREDENTIAL)], "openbadges:credential"),
    )


def _assertion_element(text: str) -> etree._Element:
    """Hosted: `verify` is the Assertion's URL beside its JSON; signed: `verify` is the JWS, without a body."""
    element = etree.Element(ASSERTION, nsmap={"openbadges": ASSERTION_NAMESPACE})
    members = read_bakeable(text)
    if members is None:
        element.set("verify", text.strip())
        return element
    address = members.get("id")
    if not isinstance(address, str) or not is_iri(address):
        raise Invalid("An Assertion that is baked into an SVG must have an IRI as its id.", field=FIELD)
    element.set("verify", address)
    element.text = _cdata(text)
    return element


def _credential_element(text: str) -> etree._Element:
    element = etree.Element(CREDENTIAL, nsmap={"openbadges": CREDENTIAL_NAMESPACE})
    if read_bakeable(text) is None:
        element.set("verify", text.strip())
    else:
        element.text = _cdata(text)
    return element


def _cdata(json_text: str) -> etree.CDATA:
    """In JSON the end of CDATA and characters that XML lacks can stand in strings only, where an escape means the same."""
    return etree.CDATA(_NOT_IN_CDATA.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text))


def _parse(svg: str) -> etree._Element:
    """The root element. A document type may be named, as many drawing programs do, but declare nothing."""
    if len(svg) > MAX_CHARACTERS:
        raise TooLarge(f"The picture has more than {MAX_CHARACTERS} characters.")
    if svg.count("<") > MAX_TAGS:
        raise TooLarge(f"The picture has more than {MAX_TAGS} tags.")
    prolog = _PROLOG.match(svg)
    if prolog is not None and prolog["subset"]:
        raise Invalid("An SVG must not declare entities or parts of a document type.", field=FIELD)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        strip_cdata=False,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(svg.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise Invalid(f"The SVG is not well-formed XML: {error}"[:300], field=FIELD) from error
    if root.tag not in _ROOTS:
        raise UnsupportedMedia("The picture is no SVG.", field=FIELD)
    return root


def _read(element: etree._Element) -> str:
    if len(element):
        raise Invalid("The badge inside of the SVG must be text, without elements or entities.", field=FIELD)
    verify, body = element.get("verify", ""), element.text or ""
    text = verify if looks_like_jws(verify) or not body.strip() else body
    encode(text)
    return text
