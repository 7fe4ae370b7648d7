"""Words of strangers (file names, camera models) as they may stand in a page."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!~|<>$:&])")


def plain(text: object) -> str:
    """Text that Markdown takes to the letter: a camera's name must not become a picture's URL."""
    return _MARKS.sub(r"\\\1", str(text)).replace("\n", " ")
