"""What people paste into pages of their own to show a badge there."""

from __future__ import annotations

import re
from html import escape

FRAME_WIDTH, FRAME_HEIGHT = 480, 140
LABEL_HEIGHT = 28
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")


def markdown_label(title: str, *, image: str, url: str) -> str:
    """The label as Markdown picture that links to `url`."""
    words = _MARKDOWN.sub(r"\\\1", " ".join(title.split()))
    return f"[![{words}]({image})]({url})"


def html_label(title: str, *, image: str, url: str) -> str:
    """The same as HTML."""
    words = escape(" ".join(title.split()))
    return f'<a href="{escape(url)}"><img src="{escape(image)}" alt="{words}" height="{LABEL_HEIGHT}"></a>'


def html_frame(title: str, *, url: str, width: int = FRAME_WIDTH, height: int = FRAME_HEIGHT) -> str:
    """A frame that shows the badge. It needs no scripts and gets none; its links open outside of it."""
    return (
        f'<iframe src="{escape(url)}" title="{escape(" ".join(title.split()))}" width="{width}"'
        f' height="{height}" loading="lazy" style="border:0;max-width:100%"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def html_widget(recipient: str, *, script: str) -> str:
    """What shows all public badges of a profile, by the script at this address."""
    return (
        f'<div id="my-badges" data-badgefed-recipient="{escape(recipient)}"></div>\n'
        f'<script src="{escape(script)}" defer></script>'
    )
