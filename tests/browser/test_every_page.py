"""Every page that links lead to, in both sizes and colours, for each of the three people who come here.

Pages are found, not listed: whatever is linked from a page that was found is looked at too, one for each route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route

from badgefed.app import ROUTES
from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.scene import Scene
from tests.browser.steps import enter_console, open_my_badges
from tests.browser.visitor import Visitor
from tests.html_pages import BROWSER
from tests.interop.our import ORGANIZATION

LINKS = "() => [...document.links].map((one) => one.href)"
HOLDERS = ("/me", "/grants", "/accept", "/u/")
CONSOLE = ("/console",)
MOST_PAGES = 80
HERE = [look for look in LOOKS if look.scripts]


def test_what_anybody_sees(open_visitor: OpenWindow, scene: Scene) -> None:
    starts = (
        "/",
        "/actor/academy",
        "/badges",
        "/issuers",
        "/awards",
        "/console/sign-in",
        "/console/password",
        "/me",
    )
    visitor = open_visitor(HERE[0])
    seen = look_around(visitor, [*starts, scene.note(scene.awards["Mentor"])], without=())
    assert {"/", "/verify", "/badge/{badge_id:int}", "/actor/{username}/statuses/{note_id}"} <= seen


def test_what_a_recipient_sees(open_visitor: OpenWindow, scene: Scene) -> None:
    visitor = open_visitor(HERE[0])
    open_my_badges(visitor, scene, "amara@example.org")
    seen = look_around(visitor, ["/me"], only=HOLDERS)
    assert {"/me", "/grants/{grant_id}/{key}", "/accept/grant/{grant_id}/{key}"} <= seen


def test_what_an_issuer_sees(open_visitor: OpenWindow, scene: Scene) -> None:
    visitor = open_visitor(HERE[0])
    enter_console(visitor, scene)
    seen = look_around(visitor, [f"/console/o/{ORGANIZATION}/grants", "/console/account"], only=CONSOLE)
    assert {"/console/account", "/console/o/{organization}/grants/{uuid}"} <= seen


def look_around(
    visitor: Visitor,
    starts: Sequence[str],
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (*HOLDERS, *CONSOLE),
) -> set[str]:
    """Inspects one page of each route that can be reached; the routes."""
    waiting, seen = [visitor.absolute(start) for start in starts], set[str]()
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        route = route_of(path)
        is_wanted = path.startswith(tuple(only)) if only else not path.startswith(tuple(without))
        if route is None or route in seen or not is_wanted or not is_page(visitor, address):
            continue
        seen.add(route)
        visitor.open(address)
        visitor.inspect_as(name_of(route), *HERE)
        waiting += links_of(visitor)
        assert len(seen) < MOST_PAGES
    return seen


def links_of(visitor: Visitor) -> Iterator[str]:
    base = visitor.equipment.base
    links: list[str] = visitor.page.evaluate(LINKS)
    return (link.partition("#")[0] for link in links if link.startswith(f"{base}/"))


def route_of(path: str) -> str | None:
    """The pattern of the first route that the path matches."""
    found = (one.path for one in ROUTES if isinstance(one, Route) and one.path_regex.match(path))
    return next(found, None)


def is_page(visitor: Visitor, address: str) -> bool:
    """Not a document, a file or a redirect."""
    answer = visitor.context.request.get(address, headers={"accept": BROWSER}, max_redirects=0)
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def name_of(route: str) -> str:
    """For its picture: the words of the pattern."""
    return "-".join(re.findall(r"[a-z]+", re.sub(r":[a-z]+}", "}", route))) or "front"


@pytest.mark.parametrize(
    ("address", "status"), [("/nowhere", 404), ("/accept/grant/1/wrong", 404), ("/badge/999", 404)]
)
def test_what_is_not_there(open_visitor: OpenWindow, address: str, status: int) -> None:
    visitor = open_visitor(HERE[1])
    visitor.open(address, status=status)
    visitor.inspect("lost")
