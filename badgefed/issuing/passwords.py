"""Passwords: hashed and verified in threads, two at once, whoever asks."""

from __future__ import annotations

import asyncio

from badgefed.errors import Unavailable
from badgefed.protocol.passwords import check_password, hash_password, verify_password
from badgefed.work.services import Services

PATIENCE = 10


async def hash_new_password(services: Services, password: str) -> str:
    """Raises `Invalid` for a password that won't do, `Unavailable` where too many others wait."""
    check_password(password)
    await _wait(services)
    try:
        return await asyncio.to_thread(hash_password, password)
    finally:
        services.hashing.release()


async def password_fits(services: Services, password: str, password_hash: str | None) -> bool:
    """Without a hash it takes as long to say no. Raises `Unavailable` where too many others wait."""
    await _wait(services)
    try:
        return await asyncio.to_thread(verify_password, password, password_hash)
    finally:
        services.hashing.release()


async def _wait(services: Services) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await services.hashing.acquire()
    except TimeoutError:
        raise Unavailable("Too many people are signing in at this moment. Try again in a minute.") from None
