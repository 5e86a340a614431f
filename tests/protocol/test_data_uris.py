from __future__ import annotations

import base64

import pytest

from badgefed.errors import Invalid, TooLarge
from badgefed.protocol.data_uris import read_base64

DATA = bytes(range(256))
TEXT = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.rstrip("="),
        f" {TEXT[:90]}\r\n{TEXT[90:]}\n",
        f"data:image/png;base64,{TEXT}",
        f"DATA:image/svg+xml;charset=utf-8;BASE64,{TEXT}",
        f"data:;base64,{TEXT}",
    ],
)
def test_bytes_are_read(text: str) -> None:
    assert read_base64(text) == DATA


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png,abc",
        "data:image/svg+xml;utf8,<svg/>",
        "data:",
        "not base64!",
        "a",
        "ä",
        "https://a.example/x.png",
    ],
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_base64(text)


def test_length_is_limited() -> None:
    assert read_base64(TEXT, max_bytes=256) == DATA
    with pytest.raises(TooLarge):
        read_base64(TEXT, max_bytes=200)
