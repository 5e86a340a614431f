"""Hosts and actors that this server has nothing to do with."""

from __future__ import annotations

import re
from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.errors import Invalid, NotFound
from badgefed.inbox import moderation
from badgefed.store import blocks
from badgefed.store.blocks import BlockKind
from badgefed.work.services import Services

HOST = re.compile(r"[^\s/@]+\.[^\s/@]+|[^\s/@]+:\d+")


def _block_kind(target: str) -> BlockKind:
    if target.startswith(("https://", "http://")):
        return BlockKind.ACTOR
    if HOST.fullmatch(target):
        return BlockKind.HOST
    raise Invalid(
        f"{target!r} is neither a host like social.example nor an actor's https:// id", field="target"
    )


@click.command()
@click.argument("target")
def block(target: str) -> None:
    """Block a host (with its subdomains) or an actor: nothing comes from it, nothing goes to it, its traces go."""

    async def run(services: Services) -> dict[str, Any]:
        kind = _block_kind(target)
        now = services.clock()
        await services.database.write(lambda tx: moderation.block(tx, kind, target, now=now))
        return {"blocked": target, "kind": kind}

    run_with_services(run)


@click.command()
@click.argument("target")
def unblock(target: str) -> None:
    """End a block."""

    async def run(services: Services) -> dict[str, Any]:
        kind = _block_kind(target)
        if not await services.database.write(lambda tx: blocks.remove_block(tx, kind, target)):
            raise NotFound(f"{target} is not blocked")
        return {"unblocked": target, "kind": kind}

    run_with_services(run)
