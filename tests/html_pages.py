"""What every page must be: well-formed, accessible to the extent that a program can tell, and free of foreign resources."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware

from badgefed.web import (
    accept,
    activitypub,
    errors,
    fediverse_sign_in,
    images,
    openbadges,
    pages,
    statics,
    tags,
    verify,
)
from badgefed.web.middleware import RequestMiddleware
from badgefed.work.services import Services
from tests.conftest import BASE

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
SHAPES = frozenset({"path", "circle", "rect"})
RESOURCES = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "form": ("action",),
}
LOADING_LINKS = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})

Attributes = dict[str, str | None]


def make_app(services: Services) -> Starlette:
    app = Starlette(
        routes=[
            *activitypub.routes,
            *images.routes,
            *openbadges.routes,
            *accept.routes,
            *fediverse_sign_in.routes,
            *statics.routes,
            *tags.routes,
            *verify.routes,
            *pages.routes,
        ],
        middleware=[Middleware(RequestMiddleware, names={})],
        exception_handlers=errors.handlers,
    )
    app.state.services = services
    return app


@asynccontextmanager
async def browse(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts that follows no redirects."""
    transport = httpx.ASGITransport(app=make_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": BROWSER}) as client:
        yield client


@dataclass(kw_only=True)
class Element:
    tag: str
    attributes: Attributes
    text: str = ""

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""


@dataclass
class Page(HTMLParser):
    """A parsed page. Tags that don't balance raise `AssertionError`."""

    html: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        assert self.open == [], [element.tag for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag=tag, attributes=dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID | SHAPES, f"<{tag}/> is not closed for a browser"
        self.elements.append(Element(tag=tag, attributes=dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if not any(element.tag in ("script", "style", "title") for element in self.open):
            self.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements by tag and attributes; underscores in attribute names stand for hyphens."""
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and all(element.get(name) == value for name, value in wanted.items())
        ]

    def value(self, name: str) -> str:
        """The value of the first form field of this name."""
        return next(element for element in self.all("input") if element.get("name") == name).get("value")


def check_page(response: httpx.Response) -> Page:
    """Fails for anything that no page may have or lack; returns the page."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    for check in CHECKS:
        check(page)
    return page


def _has_frame(page: Page) -> None:
    assert page.html.lstrip().lower().startswith("<!doctype html>")
    assert page.all("html")[0].get("lang")
    assert page.all("title")[0].text.strip()
    for tag in ("main", "header", "footer", "h1"):
        assert len(page.all(tag)) == 1, tag
    assert page.all("meta", name="viewport")
    targets = {element.get("id") for element in page.elements}
    assert page.all("a", href="#main")
    assert "main" in targets


def _has_steady_headings(page: Page) -> None:
    levels = [
        int(e.tag[1]) for e in page.elements if len(e.tag) == 2 and e.tag[0] == "h" and e.tag[1].isdigit()
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels


def _has_names(page: Page) -> None:
    for image in page.all("img"):
        assert "alt" in image.attributes
        assert image.get("width")
        assert image.get("height")
    for element in page.all("a") + page.all("button") + page.all("summary"):
        assert element.text.strip() or element.get("aria-label"), element
    inside_labels = [e for e in page.elements if e.tag == "label"]
    fields = [
        e
        for e in page.elements
        if e.tag in ("input", "textarea", "select") and e.get("type") != "hidden" and not e.get("aria-label")
    ]
    assert len(inside_labels) == len(fields)


def _has_unique_ids(page: Page) -> None:
    ids = [element.get("id") for element in page.elements if element.get("id")]
    assert len(ids) == len(set(ids)), ids
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set(element.get(name).split()) <= set(ids), (element.tag, element.get(name))


def _loads_nothing_foreign(page: Page) -> None:
    for element in page.elements:
        for name in RESOURCES.get(element.tag, ()):
            _assert_own(element.get(name))
        if element.tag == "link" and LOADING_LINKS & set(element.get("rel").split()):
            _assert_own(element.get("href"))


def _assert_own(url: str) -> None:
    assert not url or (url.startswith("/") and not url.startswith("//")) or url.startswith(f"{BASE}/"), url


def _obeys_content_policy(page: Page) -> None:
    assert page.all("style") == []
    for element in page.elements:
        assert element.tag not in ("iframe", "object", "embed", "base")
        for name, value in element.attributes.items():
            assert name != "style"
            assert not name.startswith("on"), (element.tag, name)
            if name in ("href", "src", "action"):
                assert (value or "").split(":")[0].lower() not in ("javascript", "data", "vbscript"), value
    assert all(not script.text.strip() for script in page.all("script"))


CHECKS: tuple[Callable[[Page], Any], ...] = (
    _has_frame,
    _has_steady_headings,
    _has_names,
    _has_unique_ids,
    _loads_nothing_foreign,
    _obeys_content_policy,
)
