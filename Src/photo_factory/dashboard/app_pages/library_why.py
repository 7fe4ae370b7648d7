"""Why a photo has its date and its place, in the words of docs/DATES.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from photo_factory.dashboard.app_pages.words import plain

_SOURCES = {
    "exif:DateTimeOriginal": "the moment of the shutter, written by the camera",
    "exif:DateTimeDigitized": "when it was digitised, written by the camera",
    "exif:DateTime": "when the file was last changed",
    "exif:GPSDateTime": "the clock of the GPS satellites",
    "xmp:DateTimeOriginal": "the moment of the shutter, copied by a program",
    "xmp:DateCreated": "when the pictured thing was created",
    "xmp:CreateDate": "when the file was made",
    "xmp:ModifyDate": "when the file was last changed",
    "quicktime:creationdate": "the phone's wall clock",
    "quicktime:mvhd": "the film's own clock, in UTC by the standard",
    "avchd:MDPM": "written by the camcorder into the film",
    "sidecar:takeout": "what Google's export says beside the file",
    "sidecar:xmp": "what a program wrote beside the file",
    "filename": "the file's name",
    "mtime": "when the file was last written: copies and downloads change that",
    "correction": "corrected by a person",
    "exif:GPS": "the camera's GPS",
}


def in_words(source: str) -> str:
    """What a source is, for people; its own name where nothing better is known."""
    words = _SOURCES.get(source) or _SOURCES.get(source.split(",", maxsplit=1)[0].strip())
    return words or source


def sureness(confidence: float) -> str:
    """A confidence as a word and its number."""
    word = "sure" if confidence >= 0.8 else "likely" if confidence >= 0.5 else "unsure"
    return f"{word} ({confidence:.0%})"


def draw(asset: Mapping[str, Any]) -> None:
    """What was found, and why this date won."""
    evidence = asset["evidence"] or {}
    source = asset["captured_at_source"]
    st.markdown(
        f"**{plain(asset['captured_at'].strftime('%Y-%m-%d %H:%M:%S'))}** is taken from "
        f"`{_code(source)}`: {plain(in_words(source))}. "
        f"It is {plain(sureness(asset['captured_at_confidence']))}. "
        "The most trusted claim that is not rejected wins."
    )
    dates = evidence.get("dates") or []
    if dates:
        st.dataframe(
            [_claim(one, f"{one.get('value', '')} {one.get('offset') or ''}") for one in dates],
            hide_index=True,
        )
    else:
        st.caption("The file made no claim about its date.")
    locations = evidence.get("locations") or []
    if locations:
        st.caption("Positions")
        st.dataframe(
            [_claim(one, f"{one.get('lat')}, {one.get('lon')}") for one in locations],
            hide_index=True,
        )
    for note in evidence.get("notes") or []:
        st.caption(plain(note))


def _code(text: str) -> str:
    return text.replace("`", "'")


def _claim(one: Mapping[str, Any], value: str) -> dict[str, str]:
    verdict = "chosen" if one.get("chosen") else "less trusted"
    if one.get("rejected"):
        verdict = f"rejected: {one['rejected']}"
    source = str(one.get("source", ""))
    return {
        "claim": value.replace("T", " ").strip(),
        "from": source,
        "which is": in_words(source),
        "trust": f"{float(one.get('confidence') or 0):.0%}",
        "verdict": verdict,
    }
