"""axe-core, which finds what keeps people with disabilities out of a page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.interop import npm

FOLDER = Path(__file__).parent / "axe"
SCRIPT = Path("node_modules", "axe-core", "axe.min.js")
RUN = """async () => {
  const found = await axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    resultTypes: ["violations"],
  });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) =>
      `${id}: ${help}: ${html.slice(0, 200)}: ${failureSummary.replace(/\\s+/g, " ").slice(0, 300)}`));
}"""


def install() -> str:
    """The program, to be run in a page. Raises `CannotInstall`."""
    sources = [FOLDER / name for name in ("package.json", "package-lock.json")]
    folder = npm.install("axe", sources, check=["node", "--check", str(SCRIPT)])
    return (folder / SCRIPT).read_text()


def find_issues(page: Page, axe: str) -> list[str]:
    """The serious and critical issues of WCAG 2.2, A and AA. The page must run scripts."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    issues: list[str] = page.evaluate(RUN)
    return issues
