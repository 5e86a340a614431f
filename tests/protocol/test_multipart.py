from __future__ import annotations

import httpx
import pytest

from badgefed.errors import Invalid
from badgefed.protocol.multipart import MAX_PARTS, Part, read_multipart

TYPE = "multipart/form-data; boundary=XX"


def encode(*, fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """As a client library writes it."""
    request = httpx.Request("POST", "https://badges.example/", data=fields, files=files)
    return request.read(), request.headers["content-type"]


def test_fields_and_files_come_out_as_they_went_in() -> None:
    picture = bytes(range(256)) * 500 + b"\r\n--\r\n"
    body, content_type = encode(fields={"badge": "a\r\nb ü", "empty": ""}, files={"file": ("ü.png", picture)})
    assert read_multipart(body, content_type) == (
        Part(name="badge", filename=None, data="a\r\nb ü".encode()),
        Part(name="empty", filename=None, data=b""),
        Part(name="file", filename="ü.png", data=picture),
    )


def test_a_file_that_nobody_chose_has_an_empty_name() -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--XX--\r\n'
    assert read_multipart(body, TYPE) == (Part(name="file", filename="", data=b""),)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TYPE),
        (b"nothing of the kind", TYPE),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nbroken off', TYPE),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX\r\n', TYPE),
        (b"--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--\r\n", TYPE),
        (b"--XX\r\n" + b"A: b\r\n" * 100 + b"\r\n1\r\n--XX--\r\n", TYPE),
        (b"--XX\r\n" + b"A" * 10_000 + b": b\r\n\r\n1\r\n--XX--\r\n", TYPE),
        (b"--XX--\r\n", "multipart/form-data"),
        (b"--XX--\r\n", "multipart/mixed; boundary=XX"),
        (b"--XX--\r\n", "multipart/form-data; boundary=" + "X" * 1000),
        (b"", ""),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(Invalid):
        read_multipart(body, content_type)


def test_the_number_of_parts_is_bounded() -> None:
    part = b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert len(read_multipart(part * MAX_PARTS + b"--XX--\r\n", TYPE)) == MAX_PARTS
    with pytest.raises(Invalid, match="parts"):
        read_multipart(part * (MAX_PARTS + 1) + b"--XX--\r\n", TYPE)
