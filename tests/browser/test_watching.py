"""The watching itself: each fault that the other tests rule out is found where it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import OpenWindow
from tests.browser.visitor import NARROW, Look, Visitor

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
PAGE = '<!doctype html><html lang="en"><head><title>A page</title>{head}</head><body><main><h1>A page</h1>{body}</main></body></html>'

FAULTS = {
    "an inline script": ("", "<script>1</script>", "console: "),
    "an inline style": ("<style>p {color: red}</style>", "", "console: "),
    "a style attribute": ("", '<p style="color: red">text</p>', "console: "),
    "a file that is not there": ("", '<img src="/nothing.png" alt="">', "console: Failed to load"),
    "a form field without a name": ("", "<input>", "label: "),
    "a page that is too wide": ("", f"<pre>{'wide ' * 100}</pre>", "is wider than the window"),
}


def serve(visitor: Visitor, body: str, *, policy: str = POLICY, status: int = 200) -> None:
    def answer(route: Route) -> None:
        headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
        route.fulfill(status=status, headers=headers, body=body)

    visitor.page.route("**/faulty", answer)


def faults_of(visitor: Visitor) -> str:
    visitor.page.wait_for_load_state("networkidle")
    visitor.inspect("faulty")
    with pytest.raises(AssertionError) as found:
        visitor.check()
    return str(found.value)


@pytest.fixture
def visitor(open_visitor: OpenWindow) -> Visitor:
    return open_visitor(Look(width=NARROW))


def test_axe_is_there(axe: str | None) -> None:
    if axe is None:
        pytest.skip("axe-core can't be installed from npm, so accessibility is NOT tested in the browser")
    assert "axe" in axe


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(visitor: Visitor, axe: str | None, fault: str) -> None:
    head, body, expected = FAULTS[fault]
    if axe is None and expected.startswith("label"):
        pytest.skip("axe-core can't be installed from npm")
    serve(visitor, PAGE.format(head=head, body=body))
    visitor.open("/faulty")
    assert expected in faults_of(visitor)


def test_a_request_to_another_host_is_found(visitor: Visitor) -> None:
    serve(
        visitor,
        PAGE.format(head="", body='<img src="http://127.0.0.2:9/x.png" alt="">'),
        policy="default-src 'none'; img-src *",
    )
    visitor.open("/faulty")
    assert "a request to another host: http://127.0.0.2:9/x.png" in faults_of(visitor)


def test_a_page_without_a_policy_is_found(visitor: Visitor) -> None:
    serve(visitor, PAGE.format(head="", body=""), policy="")
    visitor.open("/faulty")
    assert "no strict content security policy" in faults_of(visitor)


def test_an_answer_that_nobody_expected_is_found(visitor: Visitor) -> None:
    serve(visitor, PAGE.format(head="", body=""), status=500)
    visitor.page.goto(visitor.absolute("/faulty"))
    assert "/faulty answered 500" in faults_of(visitor)
