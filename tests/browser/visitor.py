"""Somebody with a browser, and what is held against the pages that they see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.browser.accessibility import find_issues

FAILED_LOAD = "Failed to load resource: the server responded with a status of"
NARROW, WIDE = 390, 1280
HEIGHTS = {NARROW: 844, WIDE: 900}
NARROWEST = 320
TALLEST_PICTURE = 8_000
WAIT_MILLISECONDS = 20_000
MEASURE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return null;
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1);
  return wide.slice(-1).map((one) => one.outerHTML.slice(0, 200)).join() || "something";
}"""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page is looked at."""

    width: int = WIDE
    scheme: Scheme = "light"
    scripts: bool = True

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}-{'scripts' if self.scripts else 'plain'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What all visitors share. `axe` is None where it can't be had."""

    browser: Browser
    axe: str | None
    base: str
    screenshots: Path


@dataclass(kw_only=True)
class Visitor:
    """One browser window. Whatever a page does wrong is in `faults` until `check` fails because of it.

    `elsewhere`: origins of other servers to which the person goes; no page of ours may load anything from them.
    """

    page: Page
    context: BrowserContext
    equipment: Equipment
    look: Look
    elsewhere: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    expected: int = 200
    _errors: list[tuple[str, str]] = field(default_factory=list)
    _answered: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"a script failed: {error}"))
        self.context.on("request", self._on_request)
        self.page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._errors.append((message.text, message.location["url"]))

    def _on_request(self, request: Request) -> None:
        allowed = {self.equipment.base} | (self.elsewhere if request.is_navigation_request() else set())
        if urlsplit(request.url).scheme not in ("data", "blob") and origin_of(request.url) not in allowed:
            self.faults.append(f"a request to another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.request.resource_type != "document" or origin_of(response.url) in self.elsewhere:
            return
        self._answered[response.url] = response.status
        if response.status >= 400 and response.status != self.expected:
            self.faults.append(f"{response.url} answered {response.status}")
        policy = response.headers.get("content-security-policy", "")
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if is_page and not policy.startswith("default-src 'none'"):
            self.faults.append(f"{response.url} has no strict content security policy: {policy!r}")

    def open(self, address: str, *, status: int = 200) -> None:
        """Types a path, or an address, into the window; the page must answer with `status`."""
        self.expected = status
        response = self.page.goto(self.absolute(address))
        assert response is not None
        assert response.status == status, (address, response.status)

    def absolute(self, address: str) -> str:
        return f"{self.equipment.base}{address}" if address.startswith("/") else address

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)

    def choose(self, label: str) -> None:
        """A radio button or a check box."""
        self.page.get_by_label(label, exact=False).check()

    def press(self, name: str, *, within: str = "main", status: int = 200) -> None:
        """A button; the page that follows may answer with `status`."""
        self.expected = status
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def press_and_travel(self, name: str, target: str) -> None:
        """A button that leads to another server and back; `target` is a pattern of where that ends."""
        button = self.page.locator("main").get_by_role("button", name=name, exact=True)
        with self.page.expect_response("**/sign-in/fediverse/**"):
            button.click()
        self.page.wait_for_url(target)

    def follow(self, name: str) -> None:
        """A link."""
        self.expected = 200
        self.page.get_by_role("link", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def follow_tile(self, text: str) -> None:
        """A link in the page's own part that has this text and more."""
        self.expected = 200
        links = self.page.locator("main").get_by_role("link")
        links.filter(has=self.page.get_by_text(text, exact=True)).first.click()
        self.page.wait_for_load_state()

    def sees(self, text: str) -> None:
        """Fails if the text doesn't stand on the page."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=WAIT_MILLISECONDS)

    def sees_heading(self, text: str) -> None:
        expect(self.page.locator("h1")).to_contain_text(text, timeout=WAIT_MILLISECONDS)

    def reload_until(self, text: str) -> None:
        """As a person who waits for the server's work."""
        for _ in range(100):
            if text in self.page.locator("body").inner_text():
                return
            self.page.wait_for_timeout(100)
            self.page.reload()
        raise AssertionError(f"{text!r} never came: {self.page.locator('main').inner_text()}")

    def download(self, name: str) -> tuple[str, bytes]:
        """Follows a link that brings a file: its name and its bytes."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=re.compile(f"^{name}")).first.click()
        return waiting.value.suggested_filename, waiting.value.path().read_bytes()

    def inspect(self, name: str) -> None:
        """Looks at the page with care, and keeps its picture under `name`."""
        self._measure(self.page.viewport_size or {"width": self.look.width})
        if not self.look.scripts:
            return
        if self.equipment.axe is not None:
            self.faults += [f"{name}: {issue}" for issue in find_issues(self.page, self.equipment.axe)]
        file = f"{name}-{self.look.width}-{self.look.scheme}.png"
        self.page.screenshot(
            path=self.equipment.screenshots / file,
            full_page=self.page.evaluate("document.documentElement.scrollHeight") < TALLEST_PICTURE,
            animations="disabled",
            timeout=3 * WAIT_MILLISECONDS,
        )

    def _measure(self, size: object) -> None:
        found = self.page.evaluate(MEASURE)
        if found:
            self.faults.append(f"{self.page.url} is wider than the window of {size}: {found}")

    def inspect_as(self, name: str, *looks: Look) -> None:
        """The same in windows of other sizes and in other colours."""
        for look in looks:
            self.look = look
            self.page.set_viewport_size({"width": look.width, "height": HEIGHTS[look.width]})
            self.page.emulate_media(color_scheme=look.scheme)
            self.inspect(name)
        self.page.set_viewport_size({"width": NARROWEST, "height": HEIGHTS[NARROW]})
        self._measure(NARROWEST)

    def check(self) -> None:
        """Fails with everything that the pages did wrong so far."""
        self.page.evaluate("1")
        self.faults += [
            f"console: {text} ({url})" for text, url in self._errors if not self._is_known(text, url)
        ]
        self._errors.clear()
        faults, self.faults = self.faults, []
        assert not faults, "\n".join(faults)

    def _is_known(self, text: str, url: str) -> bool:
        """The browser repeats in the console what a page's status says already."""
        return text.startswith(FAILED_LOAD) and url in self._answered


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def open_window(equipment: Equipment, look: Look, *, address: str, state: Path | None = None) -> Visitor:
    """A window with cookies of its own, or those in `state`; it comes from the IP `address`."""
    context = equipment.browser.new_context(
        viewport={"width": look.width, "height": HEIGHTS[look.width]},
        color_scheme=look.scheme,
        java_script_enabled=look.scripts,
        reduced_motion="reduce",
        locale="en-GB",
        extra_http_headers={"X-Forwarded-For": address},
        storage_state=state,
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    return Visitor(page=context.new_page(), context=context, equipment=equipment, look=look)
