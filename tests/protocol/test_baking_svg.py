"""Badges in SVG files: elements that other XML readers find, and hostile documents refused."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
import resvg_py
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol import baked, baking_svg
from badgefed.protocol.baking import Baked, bake_svg, unbake_svg
from tests.protocol.samples import read_sample

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><!-- art --><circle cx="4" cy="4" r="3" fill="#28c"/></svg>'
JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
ASSERTION = '{"id":"https://a.example/1?x=1&y=2","type":"Assertion"}'
CREDENTIAL = '{"id":"urn:uuid:1","name":"Grüße 🏅 <b>&amp;</b>"}'
OB2 = "{http://openbadges.org}assertion"
OB3 = "{https://purl.imsglobal.org/ob/v3p0}credential"


def test_another_reader_finds_both() -> None:
    made = bake_svg(SVG, assertion=ASSERTION, credential=CREDENTIAL)
    first, second, circle = ElementTree.fromstring(made)
    assert (first.tag, first.attrib, first.text) == (
        OB2,
        {"verify": "https://a.example/1?x=1&y=2"},
        ASSERTION,
    )
    assert (second.tag, second.attrib, second.text) == (OB3, {}, CREDENTIAL)
    assert circle.tag == "{http://www.w3.org/2000/svg}circle"


def test_as_the_standards_write_it() -> None:
    made = bake_svg(SVG, assertion=ASSERTION, credential=CREDENTIAL)
    assert made == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
        '<openbadges:assertion xmlns:openbadges="http://openbadges.org" verify="https://a.example/1?x=1&amp;y=2">'
        f"<![CDATA[{ASSERTION}]]></openbadges:assertion>"
        f'<openbadges:credential xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><![CDATA[{CREDENTIAL}]]>'
        '</openbadges:credential><!-- art --><circle cx="4" cy="4" r="3" fill="#28c"/></svg>'
    )


def test_tokens_stand_in_the_attribute() -> None:
    made = bake_svg(SVG, assertion=JWS, credential=f" {JWS}\n")
    for element, tag in zip(list(ElementTree.fromstring(made))[:2], (OB2, OB3), strict=True):
        assert (element.tag, element.attrib, element.text) == (tag, {"verify": JWS}, None)
    assert unbake_svg(made) == Baked(assertion=JWS, credential=JWS)


def test_the_picture_looks_the_same() -> None:
    made = bake_svg(SVG, assertion=ASSERTION, credential=CREDENTIAL)
    before, after = (resvg_py.svg_to_bytes(svg_string=text, width=64) for text in (SVG, made))
    assert before == after


def test_baking_again_replaces() -> None:
    old = bake_svg(SVG, assertion='{"id":"https://old.example/1"}', credential='{"id":"urn:old"}')
    nested = old.replace(
        "<circle", f"<g>kept{old[old.index('<openbadges:cred') : old.index('<!--')]}tail</g><circle"
    )
    assert unbake_svg(bake_svg(old, assertion=ASSERTION)) == Baked(assertion=ASSERTION)
    assert bake_svg(nested, credential=JWS).count("credential") == 1
    assert "<g>kepttail</g>" in bake_svg(nested)
    assert bake_svg(old) == SVG


def test_what_is_around_the_root_stays() -> None:
    doctype = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    )
    made = bake_svg(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- by hand -->\n{doctype}\n{SVG}', credential=CREDENTIAL
    )
    assert doctype in made
    assert "<!-- by hand -->" in made
    assert unbake_svg(made).credential == CREDENTIAL


def test_what_xml_cannot_hold_is_escaped() -> None:
    text = json.dumps(
        {"id": "urn:x", "a": "]]>", "b": "]]]>>", "c": "\\]]>", "d": "\ufffe\uffff\x7f"}, ensure_ascii=False
    )
    found = unbake_svg(bake_svg(SVG, credential=text)).credential
    assert found != text
    assert json.loads(found or "") == json.loads(text)


MEMBERS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50) | st.just("]]>"),
    max_size=5,
)


@given(MEMBERS, MEMBERS, st.sampled_from([None, 1]))
def test_round_trip(one: dict[str, str], other: dict[str, str], indent: int | None) -> None:
    one |= {"id": "https://a.example/1"}
    texts = [json.dumps(members, ensure_ascii=False, indent=indent) for members in (one, other)]
    found = unbake_svg(bake_svg(SVG, assertion=texts[0], credential=texts[1]))
    assert json.loads(found.assertion or "") == one
    assert json.loads(found.credential or "") == other


@pytest.mark.parametrize("text", ["", "words", "https://a.example/1", "[]", "{", '{"a":"\ud800"}'])
def test_texts_that_are_not_baked(text: str) -> None:
    with pytest.raises(Invalid):
        bake_svg(SVG, credential=text)


@pytest.mark.parametrize("text", ["{}", '{"id":1}', '{"id":"relative"}', '{"id":"urn:\\u0001"}'])
def test_assertions_without_an_address_are_not_baked(text: str) -> None:
    with pytest.raises(Invalid, match="IRI"):
        bake_svg(SVG, assertion=text)


@pytest.mark.parametrize(
    ("name", "assertion", "credential"),
    [
        ("ob2/badge.svg", None, None),
        ("ob2/baked-hosted.svg", "http://127.0.0.1:8757/assertions/1", None),
        ("ob3/baked.svg", None, "https://badges.example.org/credentials/web-3"),
        ("1edtech/ob30/simple-json.svg", None, "http://example.com/credentials/3527"),
    ],
)
def test_published_pictures(name: str, assertion: str | None, credential: str | None) -> None:
    found = unbake_svg(read_sample(name).decode())
    for text, identifier in ((found.assertion, assertion), (found.credential, credential)):
        assert (json.loads(text)["id"] if text else None) == identifier


def test_published_pictures_with_tokens_and_links() -> None:
    token = read_sample("ob3/vcjwt-jwk.jwt").decode().strip()
    assert unbake_svg(read_sample("ob3/baked-jwt.svg").decode()).credential == token
    linked = unbake_svg(read_sample("ob2/baked-url.svg").decode())
    assert linked == Baked(assertion="http://127.0.0.1:8757/assertions/1")


def badge(
    body: str, *, verify: str = "", tag: str = "assertion", namespace: str = "http://openbadges.org"
) -> str:
    return f'<svg><x:{tag} xmlns:x="{namespace}" verify="{verify}">{body}</x:{tag}></svg>'


def test_a_token_goes_before_a_body() -> None:
    assert unbake_svg(badge("{}", verify=JWS)) == Baked(assertion=JWS)
    assert unbake_svg(badge("{}", verify="https://a.example")) == Baked(assertion="{}")
    assert unbake_svg(badge(" &lt;&#x7b;<![CDATA[}]]> ")) == Baked(assertion="<{}")


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
TWO = badge("{}").replace("</svg>", badge('{"a":1}')[5:])

REFUSED: dict[str, tuple[str, type[BadgefedError], str]] = {
    "empty": ("", Invalid, "well-formed"),
    "words": ("badge", Invalid, "well-formed"),
    "not closed": ("<svg>", Invalid, "well-formed"),
    "lone surrogate": ("<svg>\ud800</svg>", Invalid, "well-formed"),
    "HTML": ("<html><svg/></html>", UnsupportedMedia, "no SVG"),
    "other namespace": ('<svg xmlns="urn:x"/>', UnsupportedMedia, "no SVG"),
    "billion laughs": (f'<!DOCTYPE svg [<!ENTITY a0 "lol">{LAUGHS}]><svg>&a11;</svg>', Invalid, "entities"),
    "billion laughs in an attribute": (
        f'<!DOCTYPE svg [<!ENTITY a0 "lol">{LAUGHS}]><svg a="&a11;"/>',
        Invalid,
        "entities",
    ),
    "entity from a file": ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]><svg>&x;</svg>', Invalid, "entities"),
    "parameter entity": ('<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]><svg/>', Invalid, "entities"),
    "default attributes": (
        '<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]><svg/>',
        Invalid,
        "entities",
    ),
    "behind a comment that hides": (
        '<?x <!-- ?><!DOCTYPE svg [<!ENTITY x "y">]><?y --> ?><svg>&x;</svg>',
        Invalid,
        "entities",
    ),
    "behind quotes": ('<!DOCTYPE svg PUBLIC "a>[" \'b>[\' [<!ENTITY x "y">]><svg>&x;</svg>', Invalid, "entities"),
    "unknown entity": (badge("&x;"), Invalid, "well-formed"),
    "entity of an unread document type": (
        '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/x.dtd">' + badge("&x;"),
        Invalid,
        "must be text",
    ),
    "elements in the badge": (badge("{<b/>}"), Invalid, "must be text"),
    "two badges": (TWO, Invalid, "2 different"),
    "deep": ("<svg>" * 300 + "</svg>" * 300, Invalid, "well-formed"),
    "very deep": ("<svg>" * 100_000, Invalid, "well-formed"),
    "many elements": ("<svg>" + "<a/>" * baking_svg.MAX_TAGS + "</svg>", TooLarge, "tags"),
    "large": ("<svg>" + " " * baking_svg.MAX_CHARACTERS + "</svg>", TooLarge, "characters"),
    "large badge": (badge(" " + "a" * (baked.MAX_TEXT + 1)), TooLarge, "bytes"),
    "endless prolog": ("<?" * 100_000, Invalid, "well-formed"),
    "endless comments": ("<!--" * 100_000, Invalid, "well-formed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, error, reason = REFUSED[name]
    with pytest.raises(error, match=reason):
        unbake_svg(text)


@pytest.mark.parametrize("name", ["words", "HTML", "billion laughs", "default attributes", "deep", "large"])
def test_nothing_is_baked_into_what_is_refused(name: str) -> None:
    text, error, reason = REFUSED[name]
    with pytest.raises(error, match=reason):
        bake_svg(text, credential=CREDENTIAL)


@given(st.text(max_size=60).map(lambda text: f"<svg>{text}</svg>") | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        unbake_svg(text)
    except BadgefedError:
        return
