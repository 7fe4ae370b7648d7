"""What is said with every answer, so that a browser lets no page of ours do more than it needs.

Content-Security-Policy Level 3 (https://www.w3.org/TR/CSP3/): should a file's name or a camera's
ever become script, it could load nothing from elsewhere and send nothing away.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

Pairs = list[tuple[bytes, bytes]]

FIXED = {
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Nobody else frames these pages, guesses types, learns addresses or embeds pictures."""

ENTRANCE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The page to sign in needs no script at all."""

TO_THE_DOOR = "window.location.replace('/enter')"
"""The one script that our own pages have; what else they would need is not answered by then."""

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HOST = re.compile(rb"[A-Za-z0-9.:\[\]-]{1,255}")


def headers(tiles: str) -> Callable[[bytes, Iterable[bytes]], Pairs]:
    """What is to be added to an answer, by the Host it was asked for and the names it has."""
    fixed = [(name.encode(), value.encode()) for name, value in FIXED.items()]

    def added(host: bytes, present: Iterable[bytes]) -> Pairs:
        policy = (b"content-security-policy", policy_of(tiles, host).encode())
        return [pair for pair in (*fixed, policy) if pair[0] not in set(present)]

    return added


def policy_of(tiles: str, host: bytes) -> str:
    """The policy of the pages, which Streamlit draws."""
    # Older WebKit does not count a websocket of the same host as 'self'.
    named = host.decode() if _HOST.fullmatch(host) else ""
    sockets = f" ws://{named} wss://{named}" if named else ""
    return "; ".join(
        (
            "default-src 'self'",
            # Streamlit hands the browser the script of a component (our gallery, our map) as a
            # blob; what else stands in its page is known by its hash.
            f"script-src 'self' blob: {' '.join(_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {_origin(tiles)}".rstrip(),
            "font-src 'self' data:",
            f"connect-src 'self'{sockets}",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def _origin(tiles: str) -> str:
    """The server of the map's tiles; {s} in its name stands for several."""
    parts = urlsplit(tiles)
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.netloc else ""


@cache
def _hashes() -> tuple[str, ...]:
    from streamlit import file_util

    page = Path(file_util.get_static_dir(), "index.html").read_text("utf-8")
    scripts = [TO_THE_DOOR, *_INLINE.findall(page)]
    digests = [hashlib.sha256(one.encode()).digest() for one in scripts]
    return tuple(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests)
