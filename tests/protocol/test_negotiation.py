"""Who gets the page and who gets the document (T4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.protocol.negotiation import MAX_HEADER, Representation, best_type, preferred

HTML, ACTIVITY, JSON = Representation.HTML, Representation.ACTIVITY, Representation.JSON
PROFILE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.mark.parametrize(
    ("accept", "representation"),
    [
        ("application/activity+json", ACTIVITY),
        (PROFILE, ACTIVITY),
        (f"application/activity+json, {PROFILE}", ACTIVITY),
        (f"{PROFILE},application/activity+json", ACTIVITY),
        ("application/ld+json", ACTIVITY),
        ("Application/Activity+JSON", ACTIVITY),
        ("application/activity+json, application/ld+json", ACTIVITY),
        (f"{PROFILE}, application/activity+json, text/html;q=0.1", ACTIVITY),
        ("application/activity+json, application/ld+json, application/json", ACTIVITY),
        ("application/json; charset=utf-8", JSON),
        ("application/json", JSON),
        ("application/json, text/plain, */*", JSON),
        ("application/json;q=0.9, application/activity+json;q=0.8", JSON),
        ("text/html", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
            "application/signed-exchange;v=b3;q=0.7",
            HTML,
        ),
        ("text/html, */*", HTML),
        ("application/xhtml+xml", HTML),
        ("text/*", HTML),
        ("text/html;q=0.8, application/activity+json;q=0.9", ACTIVITY),
        ("text/html;q=0.9, application/activity+json;q=0.8", HTML),
        ("text/html, application/activity+json", ACTIVITY),
        ("text/html;q=0, */*", ACTIVITY),
        ("application/activity+json;q=0, application/ld+json;q=0, application/json;q=0, */*;q=0.1", HTML),
        ("application/*", ACTIVITY),
        ("*/*", ACTIVITY),
        ("", ACTIVITY),
        (None, ACTIVITY),
        ("image/png", ACTIVITY),
        ("text/html;q=banana, application/json;q=0.1", JSON),
        ("text/html; q = 1", HTML),
        ("text/html;level=1;q=0.5, application/activity+json;q=0.4", HTML),
        ('application/ld+json; profile="a,text/html;q=1";q=0.5, text/html;q=0.4', ACTIVITY),
        (",, ;q=1, text/html", HTML),
        ("text/html, " + "a/b, " * MAX_HEADER, ACTIVITY),
    ],
)
def test_accept_headers_in_the_wild(accept: str | None, representation: Representation) -> None:
    assert preferred(accept) is representation


@pytest.mark.parametrize("accept", [None, "", "*/*", "image/png", "*/*;q=0.5"])
@pytest.mark.parametrize("default", Representation)
def test_who_has_no_preference_gets_the_default(accept: str | None, default: Representation) -> None:
    assert preferred(accept, default) is default


@given(st.text(alphabet='*/texhmlapcionjsd+;=q.01," \\', max_size=80))
def test_any_header_gets_an_answer(accept: str) -> None:
    assert preferred(accept) in Representation


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/ld+json"),
        ("*/*", "application/ld+json"),
        ("image/png", "application/ld+json"),
        ("application/ld+json, application/json", "application/ld+json"),
        ("application/json", "application/json"),
        ("application/json, application/ld+json;q=0.9", "application/json"),
        ("text/html,*/*;q=0.8", "text/html"),
        ("text/html;" + "x" * MAX_HEADER, "application/ld+json"),
    ],
)
def test_the_best_of_several_media_types(accept: str | None, chosen: str) -> None:
    assert best_type(accept, ("application/ld+json", "application/json", "text/html")) == chosen
