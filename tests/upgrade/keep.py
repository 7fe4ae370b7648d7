"""Keeps a ledger of this program for the tests of its successors.

    python -m tests.upgrade.keep [CHECKOUT]

files a handful of made photos by the program in CHECKOUT (this one by default), lets its add-ons
work, names a person and parks two photos, on SQLite and on PostgreSQL. Each ledger is written as
SQL to `dumps/STEP.KIND.sql`, and its archive, day folders with lists and all, as base64 to
`dumps/STEP.KIND.archive.json`; then one more photo is filed while the database is away, and what
that changes in the storage, with the journal it waits in, goes to `dumps/STEP.KIND.waiting.json`.
Run it before a new step is written. What is kept so far:

- 0001 by the program at cdb107e, the last one before step 0002: the Librarian alone.
- 0002 by the program at 74553b9, the last one before step 0003: with add-ons, faces and backups.

Only the program itself writes rows, but for faces: those are inserted as its face service would
write them, because that needs models which are not kept here. Folders and host are renamed, so
that nothing tells on which machine the dumps were made.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

from tests.parts import PostgreSQL
from tests.shared.media import made
from tests.upgrade.ledgers import DUMPS, portable

_STEP = "SELECT version_num FROM alembic_version"
_NOBODY = "postgresql://photo@127.0.0.1:1/photo"
_PHOTOS = "SELECT id FROM media_assets WHERE is_geocoded ORDER BY id"
_PERSON = (
    "INSERT INTO persons (id, name, named_at, created_at) VALUES "
    "('0123456789abcdef0123456789abcdef', 'Zoë O''Neill', '2026-11-01 08:00:00.000001',"
    " '2026-10-01 08:00:00.000000')"
)
_FACE = (
    "INSERT INTO faces (id, asset_id, engine, engine_version, box_left, box_top, box_width,"
    " box_height, landmarks, quality, embedding, is_face, person_id, assigned_by, found_at,"
    " changed_at) VALUES (:id, :asset, 'dlib', '20.0', 0.1, 0.25, 0.3, 0.4,"
    """ '{"left_eye": [0.2, 0.3]}', 0.875, :embedding, TRUE, '0123456789abcdef0123456789abcdef',"""
    " 'person', '2026-10-01 08:00:00.000000', '2026-11-01 08:00:00.000001')"
)


def main() -> None:
    checkout = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    DUMPS.mkdir(exist_ok=True)
    with _home() as home:
        url = f"sqlite:///{home / 'Storage/ledger.sqlite3'}"
        _keep(checkout, home, url, "sqlite", _sqlite_dump(url))
    server = PostgreSQL.create()
    server.start()
    try:
        with _home() as home:
            url = server.create_database("photo")
            _keep(checkout, home, url, "postgresql", _postgresql_dump(url))
    finally:
        server.destroy()


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keep-") as folder:
        yield Path(folder)


def _keep(checkout: Path, home: Path, url: str, kind: str, dumped: Iterator[str]) -> None:
    _fill_inbox(home / "Photos_Inbox")
    _work(checkout, home, url)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        step = connection.scalar(text(_STEP))
        if step > "0001":
            _enter_faces(connection)
    engine.dispose()
    archive = _files(home / "Storage", "Originals")
    _write(archive, f"{step}.{kind}.archive.json")
    script = "".join(dumped).replace(str(home), "/data")
    script = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "nas", script)
    (DUMPS / f"{step}.{kind}.sql").write_text(script, "utf-8")
    late = made.exif("2021:05:05 05:05:05")
    made.picture(home / "Photos_Inbox/pixel-7/late.jpg", exif=late)
    _verb(checkout, home, _NOBODY, "ingest", "--once")
    now = _files(home / "Storage", "Originals", "Journal")
    waiting = {name: content for name, content in now.items() if archive.get(name) != content}
    _write(waiting, f"{step}.{kind}.waiting.json")


def _write(kept: dict[str, str], name: str) -> None:
    (DUMPS / name).write_text(f"{json.dumps(kept, indent=1)}\n", "ascii")


def _fill_inbox(inbox: Path) -> None:
    """Photos with and without a place, a film, a sidecar, and files that are no photos."""
    phone, camera = inbox / "pixel-7", inbox / "Zoë's camera"
    for folder in (phone, camera):
        folder.mkdir(parents=True)
    berlin = made.exif("2023:12:25 12:34:56", place=made.gps(52.52, 13.405))
    made.picture(phone / "IMG_1.jpg", exif=berlin)
    shutil.copy(phone / "IMG_1.jpg", camera / 'a copy; it\'s "the same".jpg')
    made.picture(phone / "IMG_2.jpg", exif=made.exif("2024:02:29 23:59:59"))
    made.picture(camera / "scan (no date) – äöü.png")
    made.film(phone / "VID_20240501_101112.mp4")
    (phone / "IMG_2.jpg.xmp").write_bytes(made.xmp(**{"xmp:Rating": "5"}))
    whole = made.jpeg_bytes(exif=made.exif("2022:07:01 10:00:00"))
    (camera / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    made.picture(camera / "latin.jpg").rename(camera / os.fsdecode(b"latin \xe9\n-- x.jpg"))
    (phone / "Thumbs.db").write_bytes(b"not a photo")
    (phone / "empty.jpg").touch()
    (camera / "a link.jpg").symlink_to("broken.jpg")


def _work(checkout: Path, home: Path, url: str) -> None:
    """Everything its program can do here, each verb as a person calls it."""
    verbs = ["ingest --once", "run librarian --once"]
    if (checkout / "Src/photo_factory/addons").is_dir():
        (home / "Backup").mkdir()
        verbs += [f"backup init file://{home}/Backup"]
        verbs += [f"run {name} --once" for name in ("geocode", "thumbnail", "backup")]
        verbs += ["backup drill", "backup dump"]
    for verb in verbs:
        _verb(checkout, home, url, *verb.split())


def _verb(checkout: Path, home: Path, url: str, *words: str) -> None:
    settings = {
        "PYTHONPATH": str(checkout / "Src"), "PHOTO_FACTORY_ROOT": str(home), "DATABASE_URL": url,
        "STABILITY_DELAY": "0", "TIMEZONE": "Europe/Berlin", "WORKERS": "1", "MIN_FREE_SPACE": "0",
        "MAX_TRIES": "1", "BACKUP_TARGETS": f'["file://{home}/Backup"]', "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    # What it says and how it ends is shown and not judged: the tests look at what is kept.
    subprocess.run(
        [sys.executable, "-m", "photo_factory", *words],
        env={**os.environ, **settings}, cwd=home, check=False,
    )  # fmt: skip


def _files(storage: Path, *folders: str) -> dict[str, str]:
    files = [path for name in folders for path in sorted((storage / name).rglob("*"))]
    return {
        str(path.relative_to(storage)): base64.b64encode(path.read_bytes()).decode()
        for path in files
        if path.is_file()
    }


def _enter_faces(connection: Connection) -> None:
    connection.execute(text(_PERSON))
    for number, asset in enumerate(connection.scalars(text(_PHOTOS)).all()):
        embedding = bytes(range(256)) * 2
        given = {"id": f"{number:032x}", "asset": asset, "embedding": embedding}
        connection.execute(text(_FACE), given)
    connection.execute(
        text(
            "UPDATE media_assets SET is_face_scanned = TRUE, face_engine = 'dlib 20.0',"
            " face_scanned_at = '2026-10-01 08:00:00.000000' WHERE id IN"
            " (SELECT asset_id FROM faces)"
        )
    )


def _sqlite_dump(url: str) -> Iterator[str]:
    with closing(sqlite3.connect(str(make_url(url).database))) as ledger:
        for statement in ledger.iterdump():
            yield f"{statement}\n"


def _postgresql_dump(url: str) -> Iterator[str]:
    command = ["pg_dump", "--inserts", "--no-owner", "--no-privileges", url]
    yield portable(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
