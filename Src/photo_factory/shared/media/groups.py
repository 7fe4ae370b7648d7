"""Which files belong together: a photo, its raw twin, its film, its sidecars."""

from __future__ import annotations

import os
import re

from photo_factory.shared.media.kinds import BY_EXTENSION

_SUPPLEMENT = "supplemental-metadata"
_MAX_TAKEOUT_NAME = 46
_COUNTER = re.compile(r"^(?P<name>.*)\((?P<number>\d{1,4})\)$", re.DOTALL)
_APPLE_EDIT = re.compile(r"^(img_)[eo](\d{4,})")


def stem_key(name: str) -> str:
    """Return the casefolded stem that files which belong together share.

    IMG_1.jpg, IMG_1.CR2, IMG_1.mov, IMG_1.xmp, IMG_1.jpg.xmp, IMG_1.jpg.json and Google Takeout's
    IMG_1.jpg.supplemental-metadata.json, also shortened, all give "img_1". Takeout counts
    namesakes in IMG_1(1).jpg, but IMG_1.jpg(1).json: both give "img_1(1)". Apple's edits IMG_E1234
    and their IMG_O1234.aae belong to IMG_1234.
    """
    stem, extension = os.path.splitext(name.casefold())
    if extension == ".json":
        stem = _takeout_stem(stem)
    elif extension in BY_EXTENSION:
        stem = _without_media_extension(stem)
    else:
        stem = name.casefold()
    return _APPLE_EDIT.sub(r"\1\2", stem)[:_MAX_TAKEOUT_NAME]


def _takeout_stem(stem: str) -> str:
    """Undo what Takeout puts between a photo's name and ".json"."""
    counter = ""
    match = _COUNTER.match(stem)
    if match and not _is_media(stem):
        # IMG_1.jpg(1) and IMG_1.jpg.supplemental-metadata(1)
        stem, counter = match["name"], f"({match['number']})"
    stem = _without_cut_extension(_without_supplement(stem))
    return _without_media_extension(stem) + counter


def _without_supplement(stem: str) -> str:
    """Cut ".supplemental-metadata" or what the 46 letters Takeout allows have left of it."""
    head, dot, tail = stem.rpartition(".")
    whole = tail == _SUPPLEMENT
    shortened = len(stem) >= _MAX_TAKEOUT_NAME - 5 and _SUPPLEMENT.startswith(tail)
    return head if dot and head and (whole or shortened) else stem


def _without_cut_extension(stem: str) -> str:
    """A name of 46 letters may end within the photo's extension: "….jp" of "….jpg"."""
    head, dot, tail = stem.rpartition(".")
    cut = len(stem) == _MAX_TAKEOUT_NAME and dot and not _is_media(stem)
    return head if cut and any(one.startswith(dot + tail) for one in BY_EXTENSION) else stem


def _without_media_extension(stem: str) -> str:
    """IMG_1.jpg.xmp is IMG_1.jpg's sidecar."""
    return os.path.splitext(stem)[0] if _is_media(stem) else stem


def _is_media(stem: str) -> bool:
    extension = os.path.splitext(stem)[1]
    return extension in BY_EXTENSION and BY_EXTENSION[extension].media_type != "sidecar"
