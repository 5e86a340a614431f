"""Forms as a browser without scripts has them: their controls, what pressing a button sends, what is said at a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpx

from tests.html_pages import Element, Page

Value = str | bytes
"""What is typed or chosen; bytes are a file."""

_CONTROLS = frozenset({"input", "textarea", "select"})
_SILENT = frozenset({"submit", "button", "image", "reset"})


@dataclass(kw_only=True)
class Control:
    """A field of a form. `options` are those of a select; `group` is the fieldset around it."""

    element: Element
    has_label: bool
    group: Element | None
    options: list[Element] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.element.get("name")

    @property
    def kind(self) -> str:
        return self.element.get("type") or self.element.tag

    @property
    def value(self) -> str | None:
        """What a browser sends of it untouched; None for nothing."""
        if self.kind in ("checkbox", "radio"):
            return (self.element.get("value") or "on") if "checked" in self.element.attributes else None
        if self.kind == "select":
            chosen = [one for one in self.options if "selected" in one.attributes] or self.options[:1]
            return chosen[-1].get("value") if chosen else None
        if self.kind == "textarea":
            return self.element.text.removeprefix("\n")
        return self.element.get("value")


@dataclass(kw_only=True)
class Form:
    """`url`: where it is sent."""

    element: Element
    url: str
    controls: list[Control] = field(default_factory=list)
    buttons: list[Element] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """All that its buttons send it to."""
        others = [urljoin(self.url, one.get("formaction")) for one in self.buttons if one.get("formaction")]
        return [self.url, *others]

    def named(self, name: str) -> list[Control]:
        return [one for one in self.controls if one.name == name]

    def values(self) -> dict[str, str]:
        """What it sends if nothing is typed, but for files and buttons."""
        sent = [(one.name, one.value) for one in self.controls if one.kind != "file"]
        return {name: value for name, value in sent if name and value is not None}

    def request(self, client: httpx.AsyncClient, url: str, typed: Mapping[str, Value]) -> httpx.Request:
        """What a browser sends to one of its `urls` with what is typed."""
        texts = {**self.values(), **{name: text for name, text in typed.items() if isinstance(text, str)}}
        if self.element.get("enctype") != "multipart/form-data":
            return client.build_request("POST", url, data=texts)
        chosen = {name: (f"{name}.bin", data) for name, data in typed.items() if isinstance(data, bytes)}
        empty = {one.name: ("", b"") for one in self.controls if one.kind == "file"}
        return client.build_request("POST", url, data=texts, files=empty | chosen)


@dataclass
class FormPage(Page):
    """A page with its forms; `url` is its address."""

    url: str = ""
    forms: list[Form] = field(default_factory=list)
    _form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        element = self.elements[-1]
        if tag == "form":
            assert self._form is None, "a form within a form"
            self._form = Form(element=element, url=urljoin(self.url, element.get("action")) or self.url)
            self.forms.append(self._form)
        elif self._form is not None:
            self._take(self._form, element)

    def _take(self, form: Form, element: Element) -> None:
        if element.tag == "button" or (element.tag == "input" and element.get("type") in _SILENT):
            form.buttons.append(element)
        elif element.tag in _CONTROLS:
            is_within = any(one.tag == "label" for one in self.open)
            named = element.get("aria-label") or element.get("aria-labelledby")
            groups = [one for one in self.open if one.tag == "fieldset"]
            group = groups[-1] if groups else None
            form.controls.append(Control(element=element, has_label=is_within or bool(named), group=group))
        elif element.tag == "option":
            form.controls[-1].options.append(element)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag == "form":
            self._form = None

    def error_at(self, control: Control) -> str:
        """What is said to be wrong with a field, or with the group that it is in; hints are no errors."""
        marked = [one for one in (control.element, control.group) if one and one.get("aria-describedby")]
        ids = [name for one in marked for name in one.get("aria-describedby").split()]
        found = [one for one in self.elements if one.get("id") in ids]
        return " ".join(
            one.text.strip()
            for one in found
            if one.get("role") == "alert" or "field-error" in one.get("class").split()
        )
