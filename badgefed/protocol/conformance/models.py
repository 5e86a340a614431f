"""A data model as a table of classes, and the check of a JSON value against it.

A check never raises, whatever the value, and its work is linear in the value's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.protocol.conformance.kinds import TEXT, Kind
from badgefed.protocol.conformance.violations import Findings, Rule, Severity, Violation, pointer, quote

MAX_DEPTH = 32

JsonObject = Mapping[str, Any]
Law = Callable[[JsonObject], Iterable[Violation]]
"""A rule about several members of an object; its paths are relative to the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A member: a single value of `kind`, an object of the class `model`, or either where both are given."""

    kind: Kind | None = None
    model: str | None = None
    required: bool = False
    many: bool = False
    classes: tuple[frozenset[str], ...] = ()
    """Of each of these sets the values must have one."""
    several: Severity = Severity.ERROR
    """How bad several values are where the model has one."""
    missing: Severity = Severity.ERROR

    @property
    def words(self) -> str:
        """What belongs here."""
        names = ["an object" if self.model else None, self.kind.words if self.kind else None]
        return " or ".join(name for name in names if name)


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A class of the standard; `variant` may name another that stands for it, by what the object says of itself."""

    fields: Fields
    closed: bool = False
    laws: tuple[Law, ...] = ()
    variant: Callable[[JsonObject], str | None] | None = None


def one(what: Kind | str, *names: str, **options: Any) -> dict[str, Field]:
    """Members that must be there with one value (1). A text as `what` is the name of a class."""
    return _fields(what, names, required=True, **options)


def optional(what: Kind | str, *names: str, **options: Any) -> dict[str, Field]:
    """Members with one value or none (0..1)."""
    return _fields(what, names, **options)


def many(what: Kind | str, *names: str, **options: Any) -> dict[str, Field]:
    """Members with any number of values (0..*)."""
    return _fields(what, names, many=True, **options)


def types(*classes: str | frozenset[str], required: bool = True) -> dict[str, Field]:
    """`type` with one or more values, among them each of the classes, or one of each set."""
    sets = tuple(frozenset((name,)) if isinstance(name, str) else name for name in classes)
    return {"type": Field(kind=TEXT, required=required, many=True, classes=sets)}


def _fields(what: Kind | str, names: tuple[str, ...], **options: Any) -> dict[str, Field]:
    target = {"model": what} if isinstance(what, str) else {"kind": what}
    return dict.fromkeys(names, Field(**(target | options)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataModel:
    """The classes of a standard.

    `strict`: a value and an array of that one value are different things, and null is no absence, as in JSON Schema.
    Otherwise they mean the same, as in JSON-LD.
    """

    models: Mapping[str, Model]
    strict: bool

    def check(self, value: object, model: str, *, laws: tuple[Law, ...] = ()) -> tuple[Violation, ...]:
        """The first violations of an object of the class `model`, errors before warnings; empty if it conforms.

        `laws` hold besides for the object itself, not for others of its class within it.
        """
        walk = _Walk(self)
        walk.visit_object(value, model, "", 0)
        if isinstance(value, dict):
            walk.visit_laws(value, laws, "")
        return walk.findings.first()


class _Walk:
    """One pass over one value."""

    def __init__(self, standard: DataModel) -> None:
        self.findings = Findings()
        self._models = standard.models
        self._strict = standard.strict

    def visit_object(self, value: object, name: str, path: str, depth: int) -> None:
        if type(value) is not dict:
            self._add(path, Rule.TYPE, f"This must be an object ({name}), not {_words(value)}.")
            return
        if depth > MAX_DEPTH:
            self._add(path, Rule.DEPTH, f"This is nested more than {MAX_DEPTH} levels deep.")
            return
        model = self._models[name]
        chosen = model.variant(value) if model.variant else None
        self._visit_members(value, self._models[chosen] if chosen else model, name, path, depth)

    def _visit_members(self, value: JsonObject, model: Model, name: str, path: str, depth: int) -> None:
        for member, content in value.items():
            field = model.fields.get(member)
            if field is not None:
                self._visit_field(content, field, path + pointer(member), depth)
            elif model.closed:
                self._add(path, Rule.UNKNOWN_MEMBER, f"{quote(member)} is no member that {name} may have.")
        for member, field in model.fields.items():
            if field.required and self._is_absent(value, member):
                reason = f"{quote(member)} is missing: {name} must have it."
                self._add(path, Rule.MISSING, reason, field.missing)
        self.visit_laws(value, model.laws, path)

    def visit_laws(self, value: JsonObject, laws: tuple[Law, ...], path: str) -> None:
        for law in laws:
            for violation in law(value):
                self.findings.add(violation, below=path)

    def _is_absent(self, value: JsonObject, member: str) -> bool:
        return member not in value or (not self._strict and value[member] is None)

    def _visit_field(self, content: object, field: Field, path: str, depth: int) -> None:
        if content is None:
            if self._strict:
                self._add(path, Rule.TYPE, f"This is null; leave it out, or give {field.words}.")
            return
        for place, value in self._values(content, field, path):
            self._visit_value(value, field, place, depth)
        self._check_classes(content if isinstance(content, list) else [content], field, path)

    def _values(self, content: object, field: Field, path: str) -> Iterator[tuple[str, object]]:
        """Each value of a member with its place; a value alone or in an array is noted where the model has it otherwise."""
        if not isinstance(content, list):
            if field.many and self._strict:
                self._add(path, Rule.CARDINALITY, "This must be an array, even of one.", Severity.WARNING)
            yield path, content
            return
        if not field.many:
            self._check_single(content, field, path)
        for index, value in enumerate(content):
            yield f"{path}/{index}", value

    def _check_single(self, content: list[object], field: Field, path: str) -> None:
        if len(content) != 1:
            reason = f"This must be one value, not an array of {len(content)}."
            self._add(path, Rule.CARDINALITY, reason, field.several if content else Severity.ERROR)
        elif self._strict:
            self._add(path, Rule.CARDINALITY, "This must not be an array.", Severity.WARNING)

    def _visit_value(self, value: object, field: Field, path: str, depth: int) -> None:
        if field.model is not None and (field.kind is None or type(value) is dict):
            self.visit_object(value, field.model, path, depth + 1)
            return
        kind = field.kind
        if kind is None or type(value) not in kind.types:
            self._add(path, Rule.TYPE, f"This must be {field.words}, not {_words(value)}.")
        elif kind.form is not None and not kind.form.holds(value):
            form = kind.form
            self._add(path, form.rule, f"{quote(value)} is not {form.words}.", form.severity)

    def _check_classes(self, values: list[Any], field: Field, path: str) -> None:
        present = {value for value in values if isinstance(value, str)}
        for classes in field.classes:
            if present.isdisjoint(classes):
                names = " or ".join(quote(name) for name in sorted(classes))
                self._add(path, Rule.CLASS, f"{names} must be among these types.")

    def _add(self, path: str, rule: Rule, reason: str, severity: Severity = Severity.ERROR) -> None:
        self.findings.add(Violation(path=path, rule=rule, reason=reason, severity=severity))


def _words(value: object) -> str:
    """The JSON type of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"
