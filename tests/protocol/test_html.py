"""Foreign HTML is made harmless, our own survives Mastodon's allow-list, and replies are read without their mentions."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.protocol.html import (
    MAX_HTML,
    clip,
    escape,
    facts,
    fill,
    hashtag,
    link,
    mention,
    paragraph,
    reply_text,
    sanitise,
    strong,
)
from badgefed.texts import untranslated
from tests.protocol.badge_values import HARD_TEXTS
from tests.protocol.peers import MASTODON_ELEMENTS, mastodon_html


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("<p>plain</p>", "<p>plain</p>"),
        ("<p onclick=x()>a</p><script>alert(1)</script><style>p{}</style>", "<p>a</p>"),
        ('<img src=x onerror="alert(1)">text<svg onload=x()></svg>', "text"),
        ("<h1>Speaker</h1>text", "<p><strong>Speaker</strong></p>text"),
        ('<h2 class="x">A</h2>', "<p><strong>A</strong></p>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="nofollow noopener ugc">x</a>'),
        ('<a href="/local">x</a>', '<a rel="nofollow noopener ugc">x</a>'),
        (
            '<a href="https://a.example/?a=1&amp;b=2" target="_blank" rel="me" style="x">x</a>',
            '<a href="https://a.example/?a=1&amp;b=2" rel="nofollow noopener ugc">x</a>',
        ),
        ('<span class="evil h-card admin">x</span>', '<span class="h-card">x</span>'),
        ('<p class="evil">x</p>', "<p>x</p>"),
        ('<ol start="3" reversed="" id="x"><li value="2">a</li></ol>', '<ol start="3" reversed=""><li value="2">a</li></ol>'),
        ("<!-- c --><b>unclosed", "<b>unclosed</b>"),
        ("<math><mi>x</mi></math><iframe src=//e></iframe><form>y<input></form>", "y"),
    ],
)  # fmt: skip
def test_foreign_html_is_reduced_to_the_allow_list(foreign: str, shown: str) -> None:
    assert sanitise(foreign) == shown


def test_sanitising_reads_a_bounded_amount_and_survives_lone_surrogates() -> None:
    assert len(sanitise("x" * (MAX_HTML + 5))) == MAX_HTML
    assert sanitise("a\ud83db") == "a?b"
    assert len(sanitise("<h1 " * 30_000)) < MAX_HTML


@given(st.text(alphabet=st.sampled_from("<>/=\"' abhp1script:jvn&;#-!\x00"), max_size=200))
def test_sanitising_is_stable_and_leaves_only_known_elements(foreign: str) -> None:
    once = sanitise(foreign)
    assert sanitise(once) == once
    assert set(re.findall(r"<(\w+)", once)) <= MASTODON_ELEMENTS


@pytest.mark.parametrize(
    ("foreign", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>a</div>b<ul><li>c<li>d</ul>", "a\nb\nc\nd"),
        ("<p>caf&eacute; &lt;b&gt;</p>", "café <b>"),
        (
            '<p><span class="h-card" translate="no"><a href="https://b.example/@acme" class="u-url mention">@<span>acme</span></a></span> yes</p>',
            "yes",
        ),
        ('<p><a href="https://b.example/actor/acme" class="mention">@acme</a>, no</p>', ", no"),
        ("<p>@acme@b.example:8000 yes</p>", "yes"),
        ("<p>@acme. yes</p>", "yes"),
        ("<p>mail me@home.example</p>", "mail me@home.example"),
        ('<p><a class="mention hashtag" href="x">#<span>yes</span></a></p>', "#yes"),
        ("<blockquote><p>Reply <b>no</b><br>or</p></blockquote><p>yes</p>", "yes"),
        ('<p class="quote-inline">RE: <a href="https://a.example">link</a></p><p>yes</p>', "yes"),
        ("<script>no</script>yes", "yes"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_reply_text(foreign: str, text: str) -> None:
    assert reply_text(foreign) == text


@given(st.text(max_size=300))
def test_escaped_text_reads_back_as_it_was_and_passes_mastodon_unchanged(text: str) -> None:
    tidy = clip(text, 2000)
    html = paragraph(escape(tidy))
    assert unescape(html.removeprefix("<p>").removesuffix("</p>").replace("<br>", "\n")) == tidy
    assert mastodon_html(html) == html


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_every_part_that_we_build_survives_mastodon(text: str) -> None:
    text = clip(text, 2000)
    url = "https://a.example/?a=1&b='2"
    html = "".join(
        [
            paragraph(mention(url, text), strong(text), hashtag(url, text), link(url, text, rel="me")),
            facts([(text, escape(text)), ("b", link(url, url))]),
            fill(untranslated("%(a)s & %(b)s"), a=escape(text), b=strong(text)),
        ]
    )
    # Serialisers write the apostrophe of an attribute as it is.
    assert mastodon_html(html) == html.replace("&#x27;", "'")


def test_values_are_filled_in_once_and_templates_are_escaped() -> None:
    filled = fill("<%(a)s> %(b)s", a=escape("%(b)s $1 {title} \\1"), b=escape("<i>"))
    assert filled == "&lt;%(b)s $1 {title} \\1&gt; &lt;i&gt;"


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("  short ", 10, "short"),
        ("exactly-10", 10, "exactly-10"),
        ("longer than ten", 10, "longer th…"),
        ("a b", 2, "a…"),
        ("x\r\ny\rz", 10, "x\ny\nz"),
        ("nul\x00\x1b\ud83d", 10, "nul"),
        ("\u202eevil", 10, "\u202eevil\u202c"),
        ("\u2067a\u2069 \u2066b", 10, "\u2067a\u2069 \u2066b\u2069"),
        ("שלום", 10, "שלום"),
    ],
)
def test_clip(text: str, limit: int, clipped: str) -> None:
    assert clip(text, limit) == clipped


def test_no_facts_make_no_list() -> None:
    assert facts([]) == ""
