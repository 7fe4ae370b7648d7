"""Still pictures: every format gives its date, place, camera and size."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import piexif
import pytest
from PIL import Image

from tests.parts import require_part
from tests.shared.media import made

WHEN = datetime(2023, 12, 25, 12, 34, 56)


def test_it_reads_exif_with_fraction_and_offset(tmp_path: Path) -> None:
    block = made.exif(SubSecTimeOriginal=b"078", OffsetTimeOriginal=b"+03:00")
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=block))
    assert facts.captured_at == WHEN.replace(microsecond=78000)
    assert facts.captured_utc_offset == "+03:00"
    assert facts.captured_at_source == "exif:DateTimeOriginal"
    assert facts.captured_at_confidence > 0.9
    assert (facts.width, facts.height) == (48, 32)
    assert facts.errors == ()


@pytest.mark.parametrize("text", ["2023:12:25 12:34:56Z", "2023-12-25T12:34:56.000+00:00"])
def test_it_reads_exif_dates_with_z_or_offset_inside(tmp_path: Path, text: str) -> None:
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif(text)))
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "+00:00")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_it_reads_the_date_of_every_format_pillow_writes(tmp_path: Path, suffix: str) -> None:
    zeroth = {piexif.ImageIFD.Make: b"Maker\0\0 ", piexif.ImageIFD.Model: b"One 2"}
    block = made.exif(zeroth=zeroth, place=made.gps(-33.5, -70.25))
    if suffix == ".tif":
        block = block[6:]
    facts = made.facts_of(made.picture(tmp_path / f"a{suffix}", exif=block))
    assert facts.captured_at == WHEN, facts
    assert facts.location == {"lat": -33.5, "lon": -70.25}
    assert (facts.camera_make, facts.camera_model) == ("Maker", "One 2")
    assert (facts.width, facts.height, facts.errors) == (48, 32, ())


@pytest.mark.parametrize("suffix", [".nef", ".arw", ".dng", ".pef", ".srw", ".cr2"])
def test_it_reads_raw_files_that_are_tiffs(tmp_path: Path, suffix: str) -> None:
    path = made.picture(tmp_path / "a.tif", exif=made.exif()[6:]).rename(tmp_path / f"a{suffix}")
    facts = made.facts_of(path)
    assert facts.captured_at == WHEN
    assert facts.kind.mime_type.endswith(suffix[1:])


@pytest.mark.parametrize(("suffix", "magic"), [(".orf", b"IIRO"), (".rw2", b"IIU\0")])
def test_it_reads_raw_files_with_first_bytes_of_their_own(
    tmp_path: Path, suffix: str, magic: bytes
) -> None:
    into = io.BytesIO()
    Image.new("RGB", (48, 32)).save(into, "TIFF", exif=made.exif()[6:])
    assert into.getvalue()[:4] == b"II*\0"
    path = tmp_path / f"a{suffix}"
    path.write_bytes(magic + into.getvalue()[4:])
    facts = made.facts_of(path)
    assert facts.captured_at == WHEN, facts
    assert facts.captured_at_source == "exif:DateTimeOriginal"


def test_it_reads_raf_by_its_embedded_jpeg(tmp_path: Path) -> None:
    preview = made.jpeg_bytes(exif=made.exif())
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 200, len(preview))
    path = tmp_path / "a.raf"
    path.write_bytes(head.ljust(200, b"\0") + preview)
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.kind.mime_type) == (WHEN, "image/x-fuji-raf")


def test_it_reads_cr3_by_canons_boxes(tmp_path: Path) -> None:
    def block(**directories: Any) -> bytes:
        return bytes(piexif.dump(directories)[6:])

    camera = block(**{"0th": {piexif.ImageIFD.Model: b"EOS R5"}})
    exif = Image.Exif()
    exif[36867] = made.DTO
    dates = exif.tobytes()[6:]
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    inner = made.box(b"uuid", uuid, made.box(b"CMT1", camera), made.box(b"CMT2", dates))
    path = tmp_path / "a.cr3"
    path.write_bytes(made.box(b"ftyp", b"crx \0\0\0\1crx isom") + made.box(b"moov", inner))
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.camera_model) == (WHEN, "EOS R5")
    assert facts.kind.mime_type == "image/x-canon-cr3"


def test_it_reads_the_exif_box_of_jpeg_xl_and_notes_a_packed_one(tmp_path: Path) -> None:
    signature = bytes.fromhex("0000000c4a584c200d0a870a")
    # SizeHeader: small, height (3 + 1) * 8 = 32, ratio 4 = 3:2, hence 48 wide
    codestream = b"\xff\x0a" + (1 | 3 << 1 | 4 << 6).to_bytes(2, "little") + bytes(16)
    path = tmp_path / "a.jxl"
    path.write_bytes(
        signature
        + made.box(b"ftyp", b"jxl \0\0\0\0jxl ")
        + made.box(b"Exif", bytes(4), made.exif()[6:])
        + made.box(b"brob", b"xml ", b"\x00")
        + made.box(b"jxlc", codestream)
    )
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.width, facts.height) == (WHEN, 48, 32)
    assert facts.evidence["notes"] == ["xml is packed with Brotli and was not read"]


def test_it_reads_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "a.heic"
    heif = pillow_heif.from_pillow(Image.new("RGB", (64, 48)))
    block = made.exif(OffsetTimeOriginal=b"-05:00", place=made.gps(39.05, -94.29))
    heif.save(str(path), exif=block, xmp=made.xmp(xmp_CreateDate="2023-12-25T12:34:56"))
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "-05:00")
    assert facts.location == {"lat": 39.05, "lon": -94.29}
    assert (facts.width, facts.height) == (64, 48)
    assert {"exif:DateTimeOriginal", "xmp:CreateDate"} <= {
        clue["source"] for clue in facts.evidence["dates"]
    }


def test_it_shows_the_size_as_the_picture_is_seen(tmp_path: Path) -> None:
    block = made.exif(zeroth={piexif.ImageIFD.Orientation: 6})
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=block))
    assert (facts.width, facts.height) == (32, 48)


def test_it_finds_the_identifier_a_live_photo_shares_with_its_film(tmp_path: Path) -> None:
    identifier = b"570F1469-09C7-4E50-9875-05F21D5BD166\0"
    entry = struct.pack(">HHII", 0x0011, 2, len(identifier), 40)
    note = b"Apple iOS\0\0\x01MM" + struct.pack(">H", 1) + entry
    block = made.exif(MakerNote=note.ljust(40, b"\0") + identifier)
    facts = made.facts_of(made.picture(tmp_path / "IMG_1.jpg", exif=block))
    assert facts.content_identifier == identifier[:-1].decode()


def test_it_reads_xmp_where_there_is_no_exif(tmp_path: Path) -> None:
    packet = made.xmp(
        photoshop_DateCreated="2023-12-25T12:34:56.5+01:00",
        exif_GPSLatitude="33,30.0S",
        exif_GPSLongitude="70,15.0W",
    )
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", xmp=packet))
    assert facts.captured_at == WHEN.replace(microsecond=500000)
    assert (facts.captured_utc_offset, facts.captured_at_source) == ("+01:00", "xmp:DateCreated")
    assert facts.location == {"lat": -33.5, "lon": -70.25}
    assert facts.location_source == "xmp:GPS"


def test_it_reads_iptc(tmp_path: Path) -> None:
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in ((55, b"20231225"), (60, b"123456+0100"))
    )
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    plain = made.jpeg_bytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(plain[:2] + made.segment(0xED, b"Photoshop 3.0\0" + resource) + plain[2:])
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "+01:00")
    assert facts.captured_at_source == "iptc:DateCreated"


def test_it_prefers_the_original_and_keeps_every_other_date_as_evidence(tmp_path: Path) -> None:
    block = made.exif(
        DateTimeDigitized=b"2024:01:01 01:01:01",
        zeroth={piexif.ImageIFD.DateTime: b"2024:02:02 02:02:02"},
        place=made.gps(52.5, 13.4, datetime(2023, 12, 25, 11, 34, 50, tzinfo=UTC)),
    )
    path = made.picture(tmp_path / "IMG_20220101_101010.jpg", exif=block)
    facts = made.facts_of(path)
    assert facts.captured_at == WHEN
    clues = {clue["source"]: clue for clue in facts.evidence["dates"]}
    assert set(clues) == {
        "exif:DateTimeOriginal",
        "exif:DateTimeDigitized",
        "exif:DateTime",
        "exif:GPSDateTime",
        "filename",
        "mtime",
    }
    assert [source for source, clue in clues.items() if clue["chosen"]] == ["exif:DateTimeOriginal"]
    json.dumps(facts.evidence, allow_nan=False)


def test_it_finds_the_offset_by_the_gps_clock(tmp_path: Path) -> None:
    there = made.gps(35.68, 139.69, datetime(2023, 12, 25, 3, 34, 50, tzinfo=UTC))
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif(place=there)))
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "+09:00")


def test_it_finds_no_offset_by_a_stale_fix(tmp_path: Path) -> None:
    there = made.gps(35.68, 139.69, datetime(2023, 12, 25, 1, 34, 50, tzinfo=UTC))
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif(place=there)))
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, None)


def test_it_turns_the_gps_clock_into_the_wall_clock_of_the_place(tmp_path: Path) -> None:
    there = made.gps(-33.45, -70.66, datetime(2024, 1, 1, 1, 30, tzinfo=UTC))
    facts = made.facts_of(made.picture(tmp_path / "a.jpg", exif=made.exif(None, place=there)))
    assert (facts.captured_at, facts.captured_utc_offset) == (
        datetime(2023, 12, 31, 22, 30),
        "-03:00",
    )
    assert facts.captured_at_source == "exif:GPSDateTime"


def test_it_agrees_with_exiftool(tmp_path: Path) -> None:
    require_part("exiftool", "libimage-exiftool-perl", bool(shutil.which("exiftool")))
    path = made.picture(tmp_path / "a.jpg")
    tags = ["-DateTimeOriginal=2023:12:25 12:34:56", "-OffsetTimeOriginal=-03:30"]
    tags += ["-GPSLatitude*=-33.456789", "-GPSLongitude*=-70.6543", "-GPSAltitude*=-12.5"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(path)], check=True)
    facts = made.facts_of(path)
    assert (facts.captured_at, facts.captured_utc_offset) == (WHEN, "-03:30")
    assert facts.location is not None
    assert facts.location["lat"] == pytest.approx(-33.456789, abs=1e-6)
    assert facts.location["lon"] == pytest.approx(-70.6543, abs=1e-6)
    assert facts.location["alt"] == -12.5
