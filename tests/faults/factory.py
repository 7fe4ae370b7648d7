"""A factory for one test: folders, an environment, and the real program run in it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings

PROGRAM = (sys.executable, "-m", "photo_factory")
_numbers = itertools.count(1)


class Factory:
    """Inbox and storage stand below `home` unless a test puts them elsewhere.

    Further settings are named as in `Settings`: Factory(tmp_path, url, inbox_mode="keep").
    """

    def __init__(
        self,
        home: Path,
        ledger: str | None = None,
        storage: Path | None = None,
        inbox: Path | None = None,
        **settings: Any,
    ) -> None:
        self.home = home
        self.inbox = inbox or home / "Photos_Inbox"
        self.storage = storage or home / "Storage"
        self.given: Counter[str] = Counter()
        """How often each content was delivered, by SHA-256."""
        self.stderr = ""
        """What the last run said."""
        for folder in (self.inbox, self.storage):
            folder.mkdir(parents=True, exist_ok=True)
        self.variables = {
            "PHOTO_FACTORY_ROOT": str(home),
            "PHOTO_FACTORY_INBOX": str(self.inbox),
            "PHOTO_FACTORY_STORAGE": str(self.storage),
            "STABILITY_DELAY": "0.05",
            "SCAN_INTERVAL": "0.5",
            "SETTLE_TIMEOUT": "30",
            "HEARTBEAT_INTERVAL": "1",
            "MIN_FREE_SPACE": "0",
            "TIMEZONE": "Europe/Berlin",
            "WORKERS": "2",
        } | {name.upper(): str(value) for name, value in settings.items()}
        if ledger is not None:
            self.variables["DATABASE_URL"] = ledger

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a program run in this factory."""
        return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.variables}

    def settings(self) -> Settings:
        """The same settings for code that runs in the test itself."""
        return Settings(_env_file=None, **self.variables)  # type: ignore[call-arg]

    @property
    def paths(self) -> Paths:
        return Paths.of(self.settings())

    @property
    def database_url(self) -> str:
        return database_url(self.settings())

    def deliver(self, name: str, content: bytes) -> Path:
        """Bring a file into the inbox as Syncthing does: whole, then renamed into place."""
        target = self.inbox / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.parent / f".syncthing.{next(_numbers)}.tmp"
        partial.write_bytes(content)
        # Counted first: from the rename on, the program may already have taken it.
        self.given[hashlib.sha256(content).hexdigest()] += 1
        partial.rename(target)
        return target

    def ingest(self, *args: str, check: bool = False, timeout: float = 120) -> tuple[int, Any]:
        """Run `ingest --json` to its end; its exit code and its summary."""
        ran = self.run("ingest", "--json", *args, timeout=timeout)
        if check and ran.returncode != 0:
            raise AssertionError(f"ingest ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
        return ran.returncode, json.loads(ran.stdout) if ran.stdout.strip() else {}

    def run(self, *args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one command of the program to its end."""
        ran = subprocess.run(
            [*PROGRAM, *args],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        self.stderr = ran.stderr
        return ran

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start one command of the program; the caller ends it (see `ended`)."""
        with (self.home / "program.log").open("ab") as log:
            return subprocess.Popen(
                [*PROGRAM, *args], env=self.env, cwd=self.home, stdout=log, stderr=log
            )

    def start_service(self) -> subprocess.Popen[bytes]:
        """Start `run librarian`; the caller ends it (see `ended`)."""
        return self.start("run", "librarian")

    def log(self) -> str:
        """What the started programs said."""
        path = self.home / "program.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started in this factory, also orphans."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if process.environ().get("PHOTO_FACTORY_ROOT") == str(self.home):
                    found.append(process)
        return found


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Kill a started program at the end of the block if it still runs."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def jpeg(text: str = "", *, size: int = 0) -> bytes:
    """A small JPEG whose bytes differ by `text`, padded to at least `size` bytes."""
    content = _picture() + f"\n{text}".encode()
    return content + b"\0" * (size - len(content))


def xmp(text: str) -> bytes:
    """A sidecar whose bytes differ by `text`."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'dc:title="{text}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


_made: list[bytes] = []


def _picture() -> bytes:
    if not _made:
        image = Image.new("RGB", (48, 32))
        image.putdata([(x * 5 % 256, x * 3 % 256, x % 256) for x in range(48 * 32)])
        file = io.BytesIO()
        image.save(file, "JPEG", quality=90)
        _made.append(file.getvalue())
    return _made[0]
