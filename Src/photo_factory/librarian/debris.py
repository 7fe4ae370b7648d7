"""What lies in an inbox and is no photo: leftovers known by name, and downloads under way."""

from __future__ import annotations

import re

PLACEHOLDER = ".gitkeep"
"""Keeps the empty inbox in the repository."""

# Folders of other programs: nothing below them was put there by a person.
_FOLDERS = re.compile(
    r"\.stfolder|\.stversions|\.stfolder\.removed-.*|@eaDir|#recycle|@Recycle|\$RECYCLE\.BIN"
    r"|\.Trash.*|\.trash|\.thumbnails|lost\+found|\.@__thumb|System Volume Information"
)

_FILES = re.compile(
    r"Thumbs\.db|desktop\.ini|\.DS_Store|\.nomedia|\.stignore|\._.*|\.trashed-.*"
    r"|SYNOFILE_THUMB_.*|\.picasa\.ini|Picasa\.ini|ZbThumbnail\.info",
    re.IGNORECASE,
)

# Names that a program still writing uses; the final name comes with a rename.
_UNFINISHED = re.compile(
    r"\.syncthing\..*\.tmp|~syncthing~.*\.tmp|\.pending-.*"
    r"|.*\.(?:part|partial|crdownload|download|filepart|tmp|!ut|aria2)",
    re.IGNORECASE | re.DOTALL,
)


def is_foreign_folder(name: str) -> bool:
    """Whether a folder belongs to another program and is not entered."""
    return _FOLDERS.fullmatch(name) is not None


def is_no_arrival(name: str) -> bool:
    """Whether a name is passed over: a program still writes under it, or it is ours."""
    return name == PLACEHOLDER or _UNFINISHED.fullmatch(name) is not None


def is_debris(name: str) -> bool:
    """Whether a file is a known leftover that nobody wants archived."""
    return _FILES.fullmatch(name) is not None
