"""Imports point down. The order of the layers stands here and in docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "badgefed"
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"texts"}),
    frozenset({"errors"}),
    frozenset({"settings"}),
    frozenset({"model", "logs"}),
    frozenset({"protocol"}),
    frozenset({"net", "store"}),
    frozenset({"work"}),
    frozenset({"verification"}),
    frozenset({"issuing"}),
    frozenset({"inbox"}),
    frozenset({"api", "web"}),
    frozenset({"app", "quickstart"}),
    frozenset({"cli"}),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """`badgefed.store.grants` is of the part `store`."""
    return module.split(".")[1]


def imported_parts(tree: ast.Module) -> set[str]:
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.module != "badgefed"
            else [f"badgefed.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    return {
        part_of(name) for name in names if name.startswith("badgefed.") and name != "badgefed.__version__"
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        return
    assert own in HEIGHT, f"badgefed/{own} has no place among the layers"
    for part in imported_parts(ast.parse(path.read_text())) - {own}:
        assert HEIGHT[part] < HEIGHT[own], f"{own} may not import {part}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_stands_inside_a_function(path: Path) -> None:
    inner = [
        node.lineno
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inner == []


def test_a_forbidden_import_is_seen() -> None:
    assert imported_parts(
        ast.parse("from badgefed.web import pages\nfrom badgefed import app\nimport badgefed.api")
    ) == {
        "web",
        "app",
        "api",
    }
