"""Badges baked into pictures, unbaked and verified by others."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from badgefed.protocol import baking
from tests.interop.openbadges import library
from tests.interop.openbadges.answers import Answer, Verdict
from tests.interop.openbadges.digitalbazaar import DigitalBazaar
from tests.interop.openbadges.issuers import Signer, serve
from tests.interop.openbadges.test_emitted import SHAPES

SIGNER = Signer()
ASSERTION = json.dumps({"@context": "https://w3id.org/openbadges/v2", "id": "https://badges.example/a"})
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'


def bake(kind: str, *, assertion: str | None = None, credential: str | None = None) -> bytes:
    if kind == "svg":
        return baking.bake_svg(SVG, assertion=assertion, credential=credential).encode()
    picture = io.BytesIO()
    Image.new("RGBA", (9, 9), "#2f6fed").save(picture, "PNG")
    return baking.bake_png(picture.getvalue(), assertion=assertion, credential=credential)


def make_text(form: str, name: str) -> str:
    document = SHAPES[name]
    return SIGNER.sign_jwt(document) if form == "jwt" else json.dumps(SIGNER.sign(document))


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("form", ["proof", "jwt"])
@pytest.mark.parametrize("name", ["profile", "e-mail", "texts: markup", "texts: right-to-left"])
def test_a_credential_comes_out_whole(digital_bazaar: DigitalBazaar, kind: str, form: str, name: str) -> None:
    picture = bake(kind, credential=make_text(form, name))
    assert library.verify(picture, serve(SIGNER)) == Answer(verdict=Verdict.VALID)
    [text] = library.unbake(picture)
    if form == "proof":
        assert digital_bazaar.verify(text.encode(), serve(SIGNER)) == Answer(verdict=Verdict.VALID)


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("form", ["proof", "jwt"])
def test_both_versions_are_found_in_one_picture(kind: str, form: str) -> None:
    """From an SVG a hosted Assertion comes as its URL, which stands in `verify`."""
    credential = make_text(form, "profile")
    found = library.unbake(bake(kind, assertion=ASSERTION, credential=credential))
    assertion = json.loads(ASSERTION)["id"] if kind == "svg" else ASSERTION
    assert found[0] == assertion
    assert found[1] == credential
    assert len(found) == 2
