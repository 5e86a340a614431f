"""How much is done for each row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """`notes` times `hosts` deliveries make a run; `cold` is deliveries for each host, `posts` inbox POSTs in a run.

    `page_runs` is how often a page is asked after the first time, `databases` are those that pages are asked with.
    """

    runs: int
    hosts: int
    notes: int
    inboxes: int
    cold: int
    posts: int
    followers: int
    peer_posts: int
    peer_notes: int
    seconds: float
    badges: int
    grants: int
    page_runs: int
    databases: tuple[str, ...] = ("SQLite", "PostgreSQL")
    connections: int = 32
    patience: float = 120.0


FULL = Sizes(
    runs=3,
    hosts=200,
    notes=60,
    inboxes=12_000,
    cold=10,
    posts=8_000,
    followers=100_000,
    peer_posts=600,
    peer_notes=10,
    seconds=3.0,
    badges=10_000,
    grants=100_000,
    page_runs=7,
)
QUICK = Sizes(
    runs=1,
    hosts=50,
    notes=40,
    inboxes=2_000,
    cold=10,
    posts=2_000,
    followers=5_000,
    peer_posts=200,
    peer_notes=4,
    seconds=1.0,
    badges=500,
    grants=5_000,
    page_runs=3,
)
