"""XMP packets, embedded or beside the file: dates, position and camera."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from photo_factory.shared.media import location
from photo_factory.shared.media.clues import Findings, PositionClue, clean

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PACKET = 8 << 20
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PREFIXES = {
    "{http://ns.adobe.com/exif/1.0/}": "exif:",
    "{http://ns.adobe.com/xap/1.0/}": "xmp:",
    "{http://ns.adobe.com/photoshop/1.0/}": "photoshop:",
    "{http://ns.adobe.com/tiff/1.0/}": "tiff:",
    "{http://cipa.jp/exif/1.0/}": "exifEX:",
}
_DATES = (  # property, confidence inside the file, in a sidecar
    ("exif:DateTimeOriginal", 0.9, 0.97),
    ("photoshop:DateCreated", 0.88, 0.96),
    ("exif:DateTimeDigitized", 0.82, 0.87),
    ("xmp:CreateDate", 0.8, 0.86),
    ("tiff:DateTime", 0.5, 0.5),
    ("xmp:ModifyDate", 0.5, 0.5),
)
# Most packets of phones only describe edits or films: not worth parsing.
_WORTH_IT = re.compile(rb"Date(?:TimeOriginal|TimeDigitized|Created|Time)|CreateDate|GPS")


def add_packet(packet: bytes, findings: Findings, *, sidecar: bool = False) -> None:
    """Read one packet; raises what the XML parser raises on damage or on entity declarations."""
    packet = packet[:MAX_PACKET]
    if packet[:2] not in (b"\xff\xfe", b"\xfe\xff"):  # in UTF-16 a NUL is half a letter
        packet = packet.strip(b"\0 \r\n\t")
    if not sidecar and not _WORTH_IT.search(packet):
        return
    properties = _properties(packet)
    for name, inside, beside in _DATES:
        clue = findings.add_date(
            properties.get(name),
            source=_source(name, sidecar),
            confidence=beside if sidecar else inside,
        )
        if clue is not None and sidecar:
            clue.note = name
    _add_gps_clock(properties, findings, sidecar)
    _add_position(properties, findings, sidecar)
    findings.make = findings.make or properties.get("tiff:Make")
    findings.model = findings.model or properties.get("tiff:Model")


def _source(name: str, sidecar: bool) -> str:
    return "sidecar:xmp" if sidecar else f"xmp:{name.partition(':')[2]}"


def _properties(packet: bytes) -> dict[str, str]:
    from defusedxml.ElementTree import fromstring

    found: dict[str, str] = {}
    for description in fromstring(packet).iter(f"{_RDF}Description"):
        for key, text in description.attrib.items():
            _keep(found, key, text)
        for element in description:
            _keep(found, element.tag, _text(element))
    return found


def _keep(found: dict[str, str], key: str, text: str) -> None:
    namespace, _, name = key.rpartition("}")
    prefix = _PREFIXES.get(namespace + "}")
    if prefix and clean(text):
        found.setdefault(prefix + name, clean(text))


def _text(element: Element) -> str:
    """The text of a property, or of the first entry of its list."""
    first = next(element.iter(f"{_RDF}li"), element)
    return first.text or ""


def _add_gps_clock(properties: dict[str, str], findings: Findings, sidecar: bool) -> None:
    """exif:GPSTimeStamp holds day and time in UTC (XMP specification, part 2)."""
    text = properties.get("exif:GPSTimeStamp") or properties.get("exif:GPSDateTime") or ""
    confidence = 0.83 if sidecar else 0.79
    source = _source("exif:GPSTimeStamp", sidecar)
    clue = findings.add_date(
        re.sub(r"(Z|\+00:?00)$", "", text), source=source, confidence=confidence, clock="utc"
    )
    if clue is not None and clue.day_only:
        clue.clock, clue.confidence = "local", 0.5


def _add_position(properties: dict[str, str], findings: Findings, sidecar: bool) -> None:
    lat = location.xmp_coordinate(properties.get("exif:GPSLatitude", ""))
    lon = location.xmp_coordinate(properties.get("exif:GPSLongitude", ""))
    if lat is None or lon is None:
        return
    number, _, divisor = properties.get("exif:GPSAltitude", "").partition("/")
    alt = None
    if number.isdigit() and (divisor or "1").isdigit() and int(divisor or 1):
        alt = int(number) / int(divisor or 1)
        alt = -alt if properties.get("exif:GPSAltitudeRef") == "1" else alt
    source, confidence = ("sidecar:xmp", 0.97) if sidecar else ("xmp:GPS", 0.9)
    findings.positions.append(PositionClue(source, confidence, lat, lon, alt))
