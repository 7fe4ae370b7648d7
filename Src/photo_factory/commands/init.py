"""`init`: the `.env` of the stack, with secrets of its own; and the example it is made from."""

from __future__ import annotations

import os
import secrets
import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.settings import Settings
from photo_factory.shared.settings.house import machine_timezone

SET_BY_COMPOSE = {
    "COMPOSE_PROJECT_NAME", "DATABASE_URL", "DOCKER_HOST", "PHOTO_FACTORY_INBOX",
    "PHOTO_FACTORY_ROOT", "PHOTO_FACTORY_STORAGE", "SYNCTHING_INBOX", "SYNCTHING_URL",
}  # fmt: skip
"""Settings that the compose file gives its containers itself."""

_WIDTH = 96


@dataclass(frozen=True)
class Variable:
    """A variable of the compose file that is no setting of ours."""

    name: str
    default: str
    description: str


VARIABLES = (
    Variable("POSTGRES_PASSWORD", "", "The ledger's password. Needed; `init` makes one."),
    Variable("PUID", "1000", "The user everything runs as; the photos belong to it."),
    Variable("PGID", "1000", "And its group."),
    Variable("DATA_DIR", "..", "The folder in which Photos_Inbox and Storage stand on one disk."),
    Variable("INBOX_DIR", "", "The inbox, where the two stand on two disks; set all three:"),
    Variable(
        "STORAGE_DIR", "", "the storage, and COMPOSE_FILE=docker-compose.yml:separate-disks.yml."
    ),
    Variable("BACKUP_DIR", "./App_Data/backup", "What /backup is in BACKUP_TARGETS."),
    Variable("COMPOSE_PROFILES", "", "Services that are off by default: face, backup."),
    Variable("COMPOSE_FILE", "docker-compose.yml", "After a : separate-disks.yml, sql-port.yml."),
    Variable("DASHBOARD_BIND", "127.0.0.1", "Where port 8501 is open; 0.0.0.0: for the house."),
    Variable("SYNCTHING_BIND", "127.0.0.1", "The same for Syncthing's own page, port 8384."),
    Variable("SYNC_BIND", "0.0.0.0", "Where phones reach Syncthing: ports 22000 and 21027."),
    Variable("SQL_BIND", "127.0.0.1", "The same for the reader's port, with sql-port.yml."),
    Variable("SQL_PORT", "5433", "And which port that is."),
    Variable("DOCKER_GID", "0", "The group of Docker's socket: stat -c %g /var/run/docker.sock"),
    Variable("DOCKER_SOCKET", "/var/run/docker.sock", "Where that socket stands."),
    Variable(
        "POSTGRES_IMAGE", "postgres:15", "The database; a newer one needs a dump and restore."
    ),
    Variable("SYNCTHING_IMAGE", "syncthing/syncthing:1", "Syncthing."),
    Variable("CPUS", "0", "Cores each container may use at most, such as 1.5; 0: no limit."),
    Variable("POSTGRES_SHARED_BUFFERS", "128MB", "Memory the database keeps pages in."),
    Variable("POSTGRES_MEMORY", "1g", "Memory at most, each container for itself:"),
    Variable("LIBRARIAN_MEMORY", "1g", "the Librarian,"),
    Variable("GEOCODE_MEMORY", "1g", "geocode,"),
    Variable("THUMBNAIL_MEMORY", "3g", "thumbnail (a large picture needs DECODER_MEMORY),"),
    Variable("FACE_MEMORY", "3g", "face,"),
    Variable("BACKUP_MEMORY", "1g", "backup,"),
    Variable("MONITOR_MEMORY", "512m", "service-monitor,"),
    Variable("DASHBOARD_MEMORY", "1g", "dashboard,"),
    Variable("SYNCTHING_MEMORY", "1g", "Syncthing."),
)


def example(values: Mapping[str, str] | None = None) -> str:
    """The text of `.env.example`; with `values`, that of an `.env` in which these are set."""
    given = dict(values or {})
    blocks = [
        "# Every variable of the stack and every setting. What begins with # has its default.",
        "# Values with $, &, ;, # or blanks stand between single quotes: a shell may read this.",
        *(_entry(one.name, one.default, one.description, given) for one in VARIABLES),
        "# ---- Settings; docs/ explains them, `photo-factory config` shows what is in force ----",
        *(_entry(*one, given) for one in _settings()),
    ]
    return "\n\n".join(blocks) + "\n"


def _settings() -> list[tuple[str, str, str]]:
    told = []
    for field in Settings.model_fields.values():
        name = str(field.alias)
        if name not in SET_BY_COMPOSE:
            default = field.get_default() if field.default_factory is None else None
            told.append((name, "" if default is None else str(default), field.description or ""))
    return told


def _entry(name: str, default: str, description: str, given: Mapping[str, str]) -> str:
    comment = "\n".join(
        textwrap.wrap(description, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    )
    if name in given:
        return f"{comment}\n{name}={_quoted(given[name])}"
    return f"{comment}\n# {name}={_quoted(default)}"


def _quoted(value: str) -> str:
    return shlex.quote(value) if value else ""


def fresh_values(password: str) -> dict[str, str]:
    """What a new stack on this machine needs: secrets, the user, the zone, Docker's group."""
    from argon2 import PasswordHasher

    return {
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "PUID": str(os.getuid() or 1000),
        "PGID": str(os.getgid() or 1000),
        "DOCKER_GID": str(_group_of(Path("/var/run/docker.sock"))),
        "SYNCTHING_API_KEY": secrets.token_hex(24),
        "DASHBOARD_PASSWORD": PasswordHasher().hash(password),
        "READER_PASSWORD": secrets.token_hex(24),
        "TIMEZONE": machine_timezone(),
    }


def _group_of(socket: Path) -> int:
    try:
        return socket.stat().st_gid
    except OSError:  # no Docker here: the dashboard says so, and DOCKER_GID can be set later
        return 0


def write(path: Path) -> str:
    """Make the `.env`, readable by its owner only; the dashboard's password, told only now."""
    password = secrets.token_urlsafe(12)
    text = example(fresh_values(password))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PhotoFactoryError(
            f"{path} exists already and is left as it is: its secrets open the ledger. Move it "
            "away first if you want another one"
        ) from None
    except OSError as error:
        raise PhotoFactoryError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return password
