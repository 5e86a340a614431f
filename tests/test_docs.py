"""The documents are true: paths that they name exist, and what the code has is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount, Route

from badgefed.app import ROUTES

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#]+)")
CODE_PATH = re.compile(r"`((?:badgefed|templates|static|tests|benchmarks|docs|tools)/[\w./-]*)")


def paths_of(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route | Mount):
            yield re.sub(r":\w+}", "}", route.path)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_in_the_code_exist(document: Path) -> None:
    assert [path for path in CODE_PATH.findall(document.read_text()) if not (ROOT / path).exists()] == []


def test_the_map_names_every_part() -> None:
    readme = (ROOT / "README.md").read_text()
    parts = {path.name for path in (ROOT / "badgefed").iterdir() if (path / "__init__.py").exists()}
    assert [part for part in sorted(parts) if f"`badgefed/{part}/`" not in readme] == []


def test_every_route_is_documented() -> None:
    documented = (ROOT / "docs" / "routes.md").read_text()
    assert [path for path in paths_of(list(ROUTES)) if f"`{path}`" not in documented] == []


def test_no_documented_route_is_gone() -> None:
    documented = re.findall(r"^\| `(/[^`]*)`", (ROOT / "docs" / "routes.md").read_text(), re.MULTILINE)
    assert documented
    known = set(paths_of(list(ROUTES)))
    assert [path for path in documented if path not in known] == []
