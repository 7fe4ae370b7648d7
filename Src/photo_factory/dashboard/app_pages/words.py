"""Words of strangers (file names, camera models) as they may stand in a page."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!~|<>$:&])")


def plain(text: object) -> str:
    """Text that Markdown takes to the letter: a camera's name must not become a picture's URL."""
    return _MARKS.sub(r"\\\1", str(text)).replace("\n", " ")


def size(number: int) -> str:
    """Bytes for people."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
