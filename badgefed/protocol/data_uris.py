"""Pictures that are given as text: data URIs (RFC 2397) and bare base64."""

from __future__ import annotations

import base64
import binascii
import re

from badgefed.errors import Invalid, TooLarge
from badgefed.protocol.raster import UPLOAD_BYTES

_HEAD = re.compile(r"data:[a-z0-9.+/-]{0,100}(?:;[a-z0-9=.-]{1,100})*;base64,", re.IGNORECASE)
_SPACE = str.maketrans("", "", " \t\r\n")


def read_base64(text: str, *, max_bytes: int = UPLOAD_BYTES) -> bytes:
    """The bytes of a `data:…;base64,` URI or of bare base64; white space is passed over.

    What the URI says of the media type is left to who looks at the bytes. Raises Invalid, and TooLarge before decoding.
    """
    head = _HEAD.match(text)
    if head is None and text[:5].lower() == "data:":
        raise Invalid("a data URI must be of the form data:image/png;base64,…", field="image")
    body = (text[head.end() :] if head else text).translate(_SPACE)
    if len(body) // 4 * 3 > max_bytes + 3:
        raise TooLarge(f"the image has more than the {max_bytes} bytes that are accepted")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("the image is not valid base64", field="image") from error
