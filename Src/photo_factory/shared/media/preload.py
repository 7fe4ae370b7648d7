"""Imports what the children of the sandbox need, once, in the fork server they come from."""

from __future__ import annotations

import av
import defusedxml.ElementTree as defusedxml_tree
import exifread
from PIL import TiffImagePlugin

from photo_factory.shared.media import facts, images, sidecars, video, zones

__all__ = [
    "TiffImagePlugin",
    "av",
    "defusedxml_tree",
    "exifread",
    "facts",
    "images",
    "sidecars",
    "video",
]

zones.zone_at(0.0, 0.0)  # loads the map of zones, which then is shared
