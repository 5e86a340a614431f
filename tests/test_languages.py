"""Catalogues are whole and fit the texts; pages and mails come in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import httpx
import jinja2
import pytest
from babel.messages.catalog import Catalog
from jinja2 import nodes

from badgefed.errors import Conflict, Invalid
from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer
from badgefed.model.badge import Badge
from badgefed.model.times import DAY
from badgefed.protocol.languages import direction, match_language, preferred_language
from badgefed.settings import SOURCE_LANGUAGE, available_languages
from badgefed.texts import Message, say
from badgefed.verification.dates import check_dates
from badgefed.verification.results import CheckName
from badgefed.web.languages import COOKIE
from badgefed.work.services import Services
from badgefed.work.templating import Templates, Tongue, load_catalogue, load_tongue, template_folder
from tests.conftest import World
from tests.html_pages import check_page
from tests.me.browsing import browse
from tests.workers import run_until_idle
from tests.world import START, Mailbox
from tools.messages import ERRORS, MARKS, UNTRANSLATED_TEMPLATES, extract, open_points, updated

PACKAGE = Path(__file__).parents[1] / "badgefed"
TRANSLATED = [tag for tag in available_languages() if tag != SOURCE_LANGUAGE]
TEMPLATES = sorted(
    path.relative_to(template_folder()).as_posix()
    for path in template_folder().rglob("*")
    if path.suffix in (".html", ".txt", ".svg") and path.name not in UNTRANSLATED_TEMPLATES
)
PLACEHOLDER = re.compile(r"%\(\w+\)s|</?[a-z]+>")
NO_WORDS = re.compile(r'§[\w./-]*|@\S+|\S+\.example|[\w-]+="[^"]*"')
"""What is put in and what clings to it, examples, and attributes that a macro puts into a tag."""
WORD = re.compile(r"[A-Za-z]{2,}")
PROPER = frozenset(
    "https ms ZIP JSON PNG SVG JWT JWS HTML UTC Open Badges Feed iframe Mastodon LinkedIn README Markdown Atom oEmbed CSV TXT DNS rel me".split()  # noqa: SIM905
)
SHOWN_ATTRIBUTES = frozenset(
    {"alt", "title", "aria-label", "placeholder", "data-copy-label", "data-copy-done"}
)


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return extract()


# Catalogues


def test_german_is_there() -> None:
    assert "de" in TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_a_good_translation_of_every_text(language: str, texts: Catalog) -> None:
    missing = open_points(updated(language, texts))
    assert missing == [], f"run `make messages`, then translate these in {language}.po"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_no_texts_that_are_gone(language: str, texts: Catalog) -> None:
    known = set(load_catalogue(language)._catalog) - {""}  # type: ignore[attr-defined]
    left_over = {key[0] if isinstance(key, tuple) else key for key in known} - {_key(m.id) for m in texts}
    assert left_over == set(), "run `make messages`"


def _key(text: object) -> object:
    return text[0] if isinstance(text, tuple | list) else text


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_tags_are_those_of_the_text(language: str, texts: Catalog) -> None:
    wrong = [
        (message.id, translation)
        for message in updated(language, texts)
        if message.id
        for original, translation in zip(_forms(message.id), _forms(message.string or ()), strict=False)
        if sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(translation))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_can_be_filled_in(language: str) -> None:
    """A single `%` would break a sentence when its values are put in."""
    names = {name[2:-2] for _, text in _translations(language) for name in re.findall(r"%\(\w+\)s", text)}
    values = dict.fromkeys(names, "1")
    for original, text in _translations(language):
        if "%(" in original:
            text % values


def _translations(language: str) -> Iterator[tuple[str, str]]:
    for key, text in load_catalogue(language)._catalog.items():  # type: ignore[attr-defined]
        yield key[0] if isinstance(key, tuple) else key, text


def _forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


# Texts that were forgotten


class _Shown(HTMLParser):
    """Collects what a reader sees or hears; what is put in stands as `§`."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "style", "script")
        self.words += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "style", "script")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.words.append(data)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_word_of_a_template_can_be_translated(name: str) -> None:
    environment = load_tongue(SOURCE_LANGUAGE).environment
    source = (template_folder() / name).read_text(encoding="utf-8")
    shown = bare_words(environment, source)
    assert shown == [], "put these into {% trans %}"


def bare_words(environment: jinja2.Environment, source: str) -> list[str]:
    """The words that a template shows without asking for their translation."""
    tree = environment.parse(source)
    in_class = {
        id(output) for block in tree.find_all(nodes.Block) if block.name == "layout" for output in block.body
    }
    pieces = [
        piece.data if isinstance(piece, nodes.TemplateData) else "§"
        for output in tree.find_all(nodes.Output)
        if id(output) not in in_class
        for piece in output.nodes
    ]
    reader = _Shown()
    reader.feed("".join(pieces))
    reader.close()
    words = [word for text in reader.words for word in WORD.findall(NO_WORDS.sub("", text))]
    return [word for word in words if word not in PROPER and not word.startswith("nbsp")]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{% trans %}Hello{% endtrans %}</p>", []),
        ("<p>Hello</p>", ["Hello"]),
        ('<img alt="A picture">', ["picture"]),
        ("<p>{{ _('Hello') }} and {{ name }}</p>", ["and"]),
        ('<p class="some words"><code>raw text</code></p>', []),
    ],
)
def test_bare_words_are_found(source: str, found: list[str]) -> None:
    assert bare_words(load_tongue(SOURCE_LANGUAGE).environment, source) == found


def test_errors_of_pages_put_values_in_by_name() -> None:
    """A text in which values stand already has no translation."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in (*(PACKAGE / "web" / "console").rglob("*.py"), *(PACKAGE / "web" / "me").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in (*ERRORS, *MARKS)
        and any(isinstance(argument, ast.JoinedStr) for argument in call.args)
    ]
    assert wrong == [], "use say()"


# Which language


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "en"),
        ("en;q=0.2, DE;q=0.9", "de"),
        ("de;q=0, en", "en"),
        ("de;q=0", None),
        ("fr", None),
        ("*", None),
        ("", None),
        ("de;q=x", None),
        ("de, " * 1000, None),
    ],
)
def test_accept_language(header: str, wanted: str | None) -> None:
    assert preferred_language(header, ("en", "de")) == wanted


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("de", "de"),
        ("DE-ch-1996", "de"),
        ("de_DE", "de"),
        ("pt-br", "pt-BR"),
        ("pt", None),
        ("den", None),
        ("", None),
    ],
)
def test_a_variety_of_a_language_counts_as_it(tag: str, wanted: str | None) -> None:
    assert match_language(tag, ("en", "de", "pt-BR")) == wanted


def test_direction() -> None:
    assert [direction(tag) for tag in ("de", "ar", "he-IL", "fa")] == ["ltr", "rtl", "rtl", "rtl"]


async def _heading(client: httpx.AsyncClient, url: str = "/verify", **headers: str) -> tuple[str, str]:
    """The language that a page says it is in, and its heading."""
    response = await client.get(url, headers=headers)
    check_page(response)
    language = re.search(r'<html lang="(\w+)" dir="ltr">', response.text)
    heading = re.search(r"<h1[^>]*>([^<]+)</h1>", response.text)
    assert language is not None
    assert heading is not None
    return language[1], heading[1]


ENGLISH = ("en", "Verify a badge")
GERMAN = ("de", "Badge prüfen")


async def test_a_page_comes_in_the_language_that_the_browser_asks_for(services: Services) -> None:
    async with browse(services) as client:
        assert await _heading(client) == ENGLISH
        assert await _heading(client, **{"accept-language": "de-DE,de;q=0.9,en;q=0.5"}) == GERMAN
        assert await _heading(client, **{"accept-language": "fr"}) == ENGLISH
        response = await client.get("/verify")
        assert response.headers["vary"] == "Accept-Language, Cookie"


async def test_the_switch_is_a_link_and_its_choice_is_kept(services: Services) -> None:
    async with browse(services) as client:
        page = (await client.get("/verify?id=CRD-7K2M9QXT")).text
        assert (
            '<a href="?id=CRD-7K2M9QXT&amp;lang=de" lang="de" hreflang="de" rel="nofollow">Deutsch</a>'
            in page
        )
        assert 'lang="en" hreflang="en" rel="nofollow" aria-current="true">English</a>' in page
        assert await _heading(client, "/verify?id=CRD-7K2M9QXT&lang=de") == GERMAN
        assert client.cookies[f"__Host-{COOKIE}"].startswith("de.")
        assert await _heading(client) == GERMAN
        assert await _heading(client, **{"accept-language": "en"}) == GERMAN
        assert await _heading(client, "/verify?lang=en") == ENGLISH
        assert await _heading(client) == ENGLISH


@pytest.mark.parametrize("choice", ["xx", "", "d", "../de", "de" * 40, "%00", "%F0%9F%92%A9"])
async def test_a_language_that_there_is_not_changes_nothing(services: Services, choice: str) -> None:
    async with browse(services) as client:
        response = await client.get(f"/verify?lang={choice}", headers={"cookie": f"__Host-{COOKIE}=xx"})
        assert '<html lang="en"' in response.text
        assert "set-cookie" not in response.headers


async def test_a_document_and_a_page_at_one_address_say_what_they_depend_on(
    services: Services, world: World
) -> None:
    async with browse(services) as client:
        page = await client.get(world.issuer.actor_id)
        document = await client.get(world.issuer.actor_id, headers={"accept": "application/activity+json"})
    assert {part.strip() for part in page.headers["vary"].split(",")} == {
        "Accept",
        "Accept-Language",
        "Cookie",
    }
    assert document.headers["vary"] == "Accept"


async def test_an_error_page_is_translated(services: Services) -> None:
    async with browse(services) as client:
        response = await client.get("/badge/999999", headers={"accept-language": "de"})
        problem = await client.get(
            "/badge/999999", headers={"accept-language": "de", "accept": "application/json"}
        )
    assert response.status_code == problem.status_code == 404
    assert "Hier ist nichts" in response.text


async def test_what_is_wrong_with_a_form_is_said_in_the_readers_language(services: Services) -> None:
    async with browse(services) as client:
        form = check_page(await client.get("/verify", headers={"accept-language": "de"}))
        response = await client.post(
            "/verify",
            data={"token": form.value("token"), "badge": "hello", "recipient": ""},
            headers={"accept-language": "de"},
        )
    assert response.status_code == 400
    assert "Das ist kein Badge: Es muss ein Link" in response.text
    assert "?lang=" not in response.text


# Words


def test_a_message_puts_its_values_into_the_readers_language() -> None:
    tongue = load_tongue("de")
    due = say("The badge expired on %(day)s.", day=date(2026, 5, 3))
    assert due.render() == "The badge expired on 2026-05-03."
    assert tongue.tell(due) == "Das Badge ist am 3. Mai 2026 abgelaufen."
    nested = say("%(reason)s It was not imported.", reason=due)
    assert tongue.tell(nested) == "Das Badge ist am 3. Mai 2026 abgelaufen. Es wurde nicht übernommen."
    assert load_tongue("en").tell(due) == "The badge expired on 3 May 2026."


def test_what_has_no_translation_is_shown_as_it_is() -> None:
    tongue = load_tongue("de")
    assert tongue.tell("100 % of %(it)s") == "100 % of %(it)s"
    assert tongue.tell(Message(text="50 % off")) == "50 % off"
    assert tongue.tell(None) == ""
    assert tongue.tell(Invalid("")) == ""


def test_an_error_is_english_for_programs_and_translated_for_people() -> None:
    error = Conflict(say("%(host)s is blocked by this server.", host="spam.example"))
    assert str(error) == "spam.example is blocked by this server."
    assert load_tongue("de").tell(error) == "spam.example ist auf diesem Server gesperrt."


def test_numbers_and_plurals() -> None:
    template = "{{ 1234567 | number }} {% trans count=n %}{{ count }} reply{% pluralize %}{{ count }} replies{% endtrans %}"

    def show(tongue: Tongue, n: int) -> str:
        return tongue.environment.from_string(template).render(n=n)

    assert show(load_tongue("de"), 1) == "1.234.567 1 Antwort"
    assert show(load_tongue("de"), 2) == "1.234.567 2 Antworten"
    assert show(load_tongue("en"), 2) == "1,234,567 2 replies"


def test_a_verification_is_said_in_german() -> None:
    document = {"validFrom": "2026-05-01T10:00:00Z", "validUntil": "2026-05-20T10:00:00Z"}
    check = check_dates(document, now=START)
    assert check.name is CheckName.DATES
    assert load_tongue("de").tell(check.sentence) == "Das Badge ist am 20. Mai 2026 abgelaufen."


# Mails


async def mail_offer(services: Services, world: World, badge: Badge) -> None:
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=badge.id,
        email="jane@example.org",
        expires_at=START + 400 * DAY,
    )
    await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    await run_until_idle(services)


async def test_a_link_comes_in_the_language_of_the_page_on_which_it_was_asked_for(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await mail_offer(services, world, world.badge)
    mailbox.messages.clear()
    async with browse(services) as client:
        form = check_page(await client.get("/me?lang=de"))
        response = await client.post(
            "/me", data={"token": form.value("token"), "identity": "jane@example.org"}
        )
    assert response.status_code == 200
    await run_until_idle(services)
    assert [message["subject"] for message in mailbox.messages] == ["Dein Link zu deinen Badges"]


async def test_an_offer_comes_in_the_badges_language(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    new = NewBadge(title="Backen", description="Brot", criteria="Backe eines", language="de-AT")
    badge = await create_badge(services, issuer=world.issuer, new=new)
    await mail_offer(services, world, badge)
    message = mailbox.messages[0]
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert plain is not None
    assert message["subject"] == "Ein Badge für dich: Backen"
    assert '<html lang="de" dir="ltr">' in html.get_content()
    assert "Das Badge gilt bis 2. Juli 2027." in plain.get_content()


def test_what_nobody_knows_is_in_the_servers_language() -> None:
    templates = Templates("de")
    assert templates.tongue(None).tag == "de"
    assert templates.tongue("fr").tag == "de"
    assert templates.tongue("en-US").tag == "en"
    assert [tongue.name for tongue in templates.tongues()] == ["English", "Deutsch"]
