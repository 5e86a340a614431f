"""What the machine does without this server: signatures, cold TLS, and a Starlette application with nothing in it.

`python -m benchmarks.ceilings bare PORT FOLDER` serves, `python -m benchmarks.ceilings cold` posts and prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SIGNED_TEXT = b"(request-target): post /inbox\nhost: example.org\ndate: ...\ndigest: SHA-256=..." * 3


def measure_signatures(seconds: float) -> float:
    """RSA-2048 signatures (PKCS#1 v1.5, SHA-256) a second in this thread."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    key.sign(SIGNED_TEXT, scheme, digest)
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        for _ in range(20):
            key.sign(SIGNED_TEXT, scheme, digest)
        count += 20
    return count / elapsed


def bare_app(folder: Path) -> Starlette:
    """GET `/document/{name}` answers a file's bytes, POST `/json` reads JSON and answers some."""
    documents = {path.name: path.read_bytes() for path in folder.iterdir()}

    async def get_document(request: Request) -> Response:
        body = documents[request.path_params["name"]]
        return Response(body, media_type="application/activity+json")

    async def post_json(request: Request) -> Response:
        return JSONResponse({"type": (await request.json()).get("type")}, status_code=202)

    return Starlette(
        routes=[
            Route("/document/{name}", get_document),
            Route("/json", post_json, methods=["POST"]),
        ]
    )


def serve_bare(port: int, folder: Path) -> None:
    uvicorn.run(
        bare_app(folder),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        lifespan="off",
    )


async def post_cold(
    urls: Sequence[str], *, headers: Mapping[str, str], body: bytes, in_flight: int
) -> dict[str, Any]:
    """Posts to each URL once, with aiohttp as it comes and nothing signed anew; the answers' statuses and the seconds."""
    statuses: list[int] = []
    waiting = iter(urls)

    async def post(session: aiohttp.ClientSession) -> None:
        for url in waiting:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                statuses.append(answer.status)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        started = time.perf_counter()
        await asyncio.gather(*(post(session) for _ in range(in_flight)))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "statuses": sorted(set(statuses)), "count": len(statuses)}


def main(arguments: Sequence[str]) -> None:
    if arguments[0] == "bare":
        serve_bare(int(arguments[1]), Path(arguments[2]))
    else:
        wanted = json.load(sys.stdin)
        wanted["body"] = wanted["body"].encode()
        print(json.dumps(uvloop.run(post_cold(**wanted))))


if __name__ == "__main__":
    main(sys.argv[1:])
