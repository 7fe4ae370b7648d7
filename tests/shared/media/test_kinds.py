"""The bytes decide what a file is; a name that lies is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_factory.shared.media.kinds import BY_EXTENSION, is_raw, kind_of

HEADS = {
    "a.jpg": (b"\xff\xd8\xff\xe1\0\0Exif", "image/jpeg"),
    "a.png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "a.gif": (b"GIF89a", "image/gif"),
    "a.webp": (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    "a.tif": (b"II*\0\x08\0\0\0", "image/tiff"),
    "a.tiff": (b"MM\0*\0\0\0\x08", "image/tiff"),
    "a.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
    "b.heic": (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "image/heic"),
    "a.heif": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "image/heif"),
    "a.avif": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "image/avif"),
    "a.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    "b.jxl": (b"\xff\x0a\x12\x34", "image/jxl"),
    "a.cr2": (b"II*\0\x10\0\0\0CR\x02\0", "image/x-canon-cr2"),
    "a.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "image/x-canon-cr3"),
    "a.nef": (b"MM\0*\0\0\0\x08", "image/x-nikon-nef"),
    "a.arw": (b"II*\0\x08\0\0\0", "image/x-sony-arw"),
    "a.DNG": (b"II*\0\x08\0\0\0", "image/x-adobe-dng"),
    "a.raf": (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
    "a.orf": (b"IIRO\x08\0\0\0", "image/x-olympus-orf"),
    "a.rw2": (b"IIU\0\x18\0\0\0", "image/x-panasonic-rw2"),
    "a.pef": (b"MM\0*\0\0\0\x08", "image/x-pentax-pef"),
    "a.srw": (b"II*\0\x08\0\0\0", "image/x-samsung-srw"),
    "a.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video/mp4"),
    "a.mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
    "b.mov": (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
    "a.m4v": (b"\0\0\0\x18ftypM4V \0\0\0\0isommp42", "video/x-m4v"),
    "a.3gp": (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", "video/3gpp"),
    "a.avi": (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
    "a.mkv": (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x23\x42\x82\x88matroska", "video/x-matroska"),
    "a.webm": (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm", "video/webm"),
    "a.mts": ((b"\0\0\0\0G" + bytes(187)) * 5, "video/mp2t"),
    "a.m2ts": ((b"G" + bytes(187)) * 5, "video/mp2t"),
    "a.xmp": (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>", "application/rdf+xml"),
    "a.aae": (b"<plist><key>adjustmentFormatIdentifier</key>", "application/x-apple-aae+plist"),
    "a.jpg.json": (b'{"title": "a.jpg", "photoTakenTime": {}}', "application/json"),
    "a.json": (b'\n{"title": "a.jpg", "imageViews": "1"}', "application/json"),
}


@pytest.mark.parametrize("name", HEADS)
def test_it_knows_every_format(name: str) -> None:
    head, mime_type = HEADS[name]
    kind, note = kind_of(head, name)
    assert kind is not None
    assert (kind.mime_type, note) == (mime_type, None)
    expected = mime_type.partition("/")[0]
    assert kind.media_type == ("sidecar" if expected == "application" else expected)


def test_it_believes_the_bytes_and_notes_that_the_name_lies() -> None:
    kind, note = kind_of(HEADS["a.png"][0], "a.jpg")
    assert kind == BY_EXTENSION[".png"]
    assert note == "the name says image/jpeg, the bytes say image/png"


def test_it_files_media_without_an_extension() -> None:
    assert kind_of(HEADS["a.jpg"][0], "photo") == (BY_EXTENSION[".jpg"], None)
    assert kind_of(HEADS["a.jpg"][0], "notes.txt") == (BY_EXTENSION[".jpg"], None)


def test_it_believes_the_name_where_the_bytes_say_nothing() -> None:
    said = kind_of(b"garbage", "a.JPG")
    assert said == (BY_EXTENSION[".jpg"], "named .jpg, but the bytes are no known media")
    assert kind_of(b"", "a.mov")[1] == "named .mov, but the file is empty"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"hello", "a.txt"),
        (b"{}", "package.json"),
        (b'{"title": "My page", "version": 3}', "site.json"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "song.m4a"),
        (b"GIF", "a"),
        (b"", ""),
        (b"const G = 1", "index.ts"),
    ],
)
def test_it_leaves_alone_what_is_no_media(head: bytes, name: str) -> None:
    assert kind_of(head, name) == (None, None)


def test_it_does_not_complain_within_a_family() -> None:
    assert kind_of(HEADS["a.mp4"][0], "a.mov")[1] is None
    assert kind_of(HEADS["a.heic"][0], "a.heif")[1] is None


def test_it_knows_which_kinds_are_raw() -> None:
    assert is_raw(BY_EXTENSION[".nef"])
    assert not is_raw(BY_EXTENSION[".tif"])
    assert not is_raw(BY_EXTENSION[".avi"])


@given(st.binary(max_size=600), st.text(max_size=20))
def test_it_never_raises(head: bytes, name: str) -> None:
    kind_of(head, name)
