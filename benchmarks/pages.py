"""Rows: the server time of each address that answers GET, on both databases, in a store with many rows of everything.

The application runs in this process and is asked without sockets. Times are CPU time, of this process and of PostgreSQL's
backends together, so that what else runs on the machine counts for little.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from badgefed.api.resources import Resource
from badgefed.app import ROUTES, create_app
from badgefed.model.times import SECOND
from badgefed.store.migrate import migrate, open_database
from badgefed.web.documents import Cache
from benchmarks.crowds import FREQUENT, RARE, Crowd, fill_store
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from tests.access.people import Pass, Scene, Who, make_scene
from tests.access.requests import fill_in
from tests.access.things import JANE
from tests.conftest import BASE, make_services, make_settings, make_world
from tests.html_pages import BROWSER
from tests.postgresql import Cluster, find_binaries, start_cluster, stop_cluster
from tests.statements import CountingDatabase
from tests.verification.school import School
from tests.world import Clock, Mailbox, Network

TARGET = 50.0
NAME = "pages"
APART = 10 * SECOND
ISSUERS = 50
HELD = 300
NAMED: Mapping[str, Mapping[str, str]] = {"/u/{handle}": {"handle": "jane"}, "/sitemaps": {"number": "0"}}

# Further addresses of the same routes: what is looked for, filtered and sorted by, and pages that are not the first.
SEARCHES = tuple(f"?q={quote(words)}" for words in (FREQUENT, RARE, "training", "was there took part"))
KINDS = tuple(
    f"?q={quote(words)}&in={kind}" for words, kind in ((FREQUENT, "people"), ("training", "badges"))
)
STATES = ("pending", "accepted", "valid", "expired", "suspended", "revoked", "declined")
CONSOLE = "/console/o/{organization}"
FURTHER: Mapping[str, tuple[str, ...]] = {
    "/search": (*SEARCHES, *KINDS),
    "/oembed": (f"?url={BASE}/awards/{{uuid}}",),
    "/api/embed/badges": ("?recipient=https://social0.example/users/person1000",),
    "/sitemaps/{kind}-{number}.xml": ("/sitemaps/awards-20.xml", "/sitemaps/issuers-0.xml"),
    f"{CONSOLE}/grants": (
        *(f"?state={state}" for state in STATES),
        *(f"?order={order}" for order in ("oldest", "expiry")),
        *(f"?q={quote(text)}" for text in (FREQUENT, RARE, "nobody at all", "müller")),
        "?badge={badge_id}",
        "?badge={badge_id}&state=declined&order=oldest",
        f"?state=revoked&order=expiry&q={FREQUENT}",
        "?before=5000",
    ),
    f"{CONSOLE}/grants.csv": ("?state=revoked",),
    f"{CONSOLE}/badges": ("?state=ended", "?q=marathon", "?q=nothing+like+it", "?before=5000"),
    f"{CONSOLE}/federation": ("?show=failing",),
    f"{CONSOLE}/audit": ("?kind=badge", "?q=owner", "?q=nothing+like+it", "?before=5000"),
    f"{CONSOLE}/webhooks/{{webhook}}/deliveries": ("?state=failed", "?state=waiting"),
    f"{CONSOLE}/granting": ("?badge={badge_id}",),
    f"{CONSOLE}/badges/preview.svg": ("?title=Course&kind=Badge&issuer={issuer}",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`name` is its line in the table, `path` what is asked for."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one address on one database. `warm`: asked again at once."""

    status: int
    cold: tuple[float, ...]
    warm: float
    statements: int

    def describe(self) -> str:
        return f"{self.middle:.1f} (p95 {self._p95:.1f}, again {self.warm:.1f}; {self.statements} statements)"

    @property
    def _p95(self) -> float:
        return sorted(self.cold)[max(0, math.ceil(0.95 * len(self.cold)) - 1)]

    @property
    def middle(self) -> float:
        return median(self.cold)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The application over a filled store. `used` gives the CPU time in seconds that all who answer have used."""

    statements: CountingDatabase
    clock: Clock
    app: Starlette
    scene: Scene
    used: Callable[[], float]

    async def measure(self, address: Address, runs: int) -> Figures:
        """The first time counts only if there are no further `runs`, as plans and templates are made then."""
        cold: list[float] = []
        warm: list[float] = []
        status, statements = 0, 0
        for _ in range(1 + runs):
            self.clock.now += APART
            self.app.state.documents = Cache()
            status, seconds, statements = await self._ask(address)
            cold.append(1000 * seconds)
            warm.append(1000 * (await self._ask(address))[1])
        if status >= 500:
            raise RuntimeError(f"{address.path} answered {status}")
        cold, warm = cold[1:] or cold, warm[1:] or warm
        return Figures(status=status, cold=tuple(cold), warm=median(warm), statements=statements)

    async def _ask(self, address: Address) -> tuple[int, float, int]:
        """Status, seconds, statements."""
        self.statements.count = 0
        started = self.used()
        status = await ask(self.app, address, self.scene.passes[Who.OWNER])
        return status, self.used() - started, self.statements.count


async def measure_pages(sizes: Sizes) -> list[Row]:
    """A row for each address; its figure is that of the slower database."""
    found: dict[str, dict[str, Figures]] = {}
    for name in sizes.databases:
        async with _OPENED[name](sizes) as site:
            if site is not None:
                for address in list_addresses(site.scene):
                    found.setdefault(address.name, {})[name] = await site.measure(address, sizes.page_runs)
    return [_row(name, figures) for name, figures in found.items()]


def _row(name: str, figures: Mapping[str, Figures]) -> Row:
    slower = max(one.middle for one in figures.values())
    return Row(
        name=name,
        figure=slower,
        unit=" ms",
        target=f"≤ {TARGET:.0f} ms",
        is_met=slower <= TARGET,
        notes="; ".join(f"{database} {one.describe()}" for database, one in figures.items()),
    )


def list_addresses(scene: Scene) -> list[Address]:
    """Each route that answers GET but those of the APIs, and the further addresses of some."""
    found = []
    for route in ROUTES:
        if (
            isinstance(route, Route)
            and "GET" in (route.methods or ())
            and not isinstance(route.endpoint, Resource)
        ):
            path = re.sub(r":\w+}", "}", route.path)
            for query in ("", *FURTHER.get(path, ())):
                filled = _fill(scene, path, query)
                name = filled if query.startswith("/") else f"{path}{query}"
                found.append(Address(name=name, path=filled))
    return found


def _fill(scene: Scene, route: str, query: str) -> str:
    names = {start: {**values, **NAMED.get(start, {})} for start, values in scene.names.items()}
    names["/console/o"]["issuer"] = names["bodies"]["issuer"]
    return fill_in(names, route, query if query.startswith("/") else f"{route}{query}")


async def ask(app: Starlette, address: Address, shown: Pass) -> int:
    """The status, once the answer's first bytes are there: the rest of a file that is made as it is sent isn't waited for."""
    path, _, query = address.path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": _headers(shown),
        "client": ("192.0.2.1", 40000),
        "server": (urlsplit(BASE).hostname, 443),
    }
    statuses: list[int] = []
    begun = asyncio.Event()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        else:
            begun.set()

    answering = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait((answering, waiting), return_when=asyncio.FIRST_COMPLETED)
    await _end(waiting)
    if not statuses:
        await answering
    await _end(answering)
    return statuses[0]


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _headers(shown: Pass) -> list[tuple[bytes, bytes]]:
    cookies = f"__Host-badgefed-console={shown.session}; __Host-badgefed-me={shown.holder_session}"
    named = {"host": "badges.example", "accept": BROWSER, "cookie": cookies}
    return [(name.encode(), text.encode()) for name, text in named.items()]


@contextlib.asynccontextmanager
async def _open_sqlite(sizes: Sizes) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'badgefed.db'}"
        async with open_site(url, Path(folder), sizes, used=time.process_time) as site:
            yield site


@contextlib.asynccontextmanager
async def _open_postgresql(sizes: Sizes) -> AsyncIterator[Site | None]:
    """None where it isn't installed. Its backends take no helpers, whose time would be lost with them."""
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    cluster = start_cluster(binaries)
    try:
        cluster.sql(f"CREATE DATABASE {NAME}")
        cluster.sql(f"ALTER DATABASE {NAME} SET max_parallel_workers_per_gather = 0")

        def used() -> float:
            return time.process_time() + _backends_used(cluster)

        with tempfile.TemporaryDirectory() as folder:
            async with open_site(cluster.url(NAME), Path(folder), sizes, used=used) as site:
                cluster.run("psql", "-h", str(cluster.folder), "-d", NAME, "-qc", "VACUUM ANALYZE")
                yield site
    finally:
        stop_cluster(cluster)


def _backends_used(cluster: Cluster) -> float:
    """CPU time of the server's processes that are there, in seconds."""
    pid = (cluster.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_used(int(child)) for child in children)


def _used(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


@contextlib.asynccontextmanager
async def open_site(
    url: str, folder: Path, sizes: Sizes, *, used: Callable[[], float]
) -> AsyncIterator[Site]:
    """A new store with the world of the access table in it, and a crowd."""
    database = CountingDatabase(await open_database(url))
    clock, mailbox, network = Clock(), Mailbox(), Network()
    services = make_services(make_settings(folder), database, clock, network, mailbox)
    try:
        await migrate(database)
        scene = await make_scene(services, await make_world(services), mailbox, School(network=network))
        held = min(HELD, sizes.grants // 3)
        crowd = Crowd(issuers=ISSUERS, badges=sizes.badges, grants=sizes.grants, held=held, holder=JANE)
        await fill_store(database, crowd, now=clock())
        yield Site(statements=database, clock=clock, app=create_app(services), scene=scene, used=used)
    finally:
        await services.close()


_OPENED = {"SQLite": _open_sqlite, "PostgreSQL": _open_postgresql}
