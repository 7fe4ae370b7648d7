"""The doctor: would emptying the inbox delete photos on a phone?

Only our side's folder type can be asked for; what the phone has set never comes over the REST
API. So a type that is safe with some phones and deadly with others counts as deadly. The table
behind it, and how it was measured, stand in docs/SYNCTHING.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from photo_factory.monitor.syncthing.state import Folder, FolderState, Picture

Word = Literal["OK", "WARNING", "ERROR"]

_RIGHT = (
    "Receive Only: emptying the inbox stays here. Never change it back: that would delete the "
    "filed photos on a phone"
)
_MEND = (
    "In Syncthing on this machine: Edit, Advanced, Folder Type: Receive Only (and on the phone: "
    "Send Only). Or set INBOX_MODE=keep"
)
_ABOVE = (
    "Revert Local Changes in Syncthing would delete whatever was added here, the archive too if it "
    "lies in there: share one folder a phone, below the inbox"
)
_WINDOW = (
    "A photo deleted on the phone before it was filed is deleted here too: turn on Ignore Delete "
    "(Actions, Advanced, Folders)"
)
_IN_TRASH = (
    "A photo deleted on the phone before it was filed goes to .stversions and is not filed: "
    "Ignore Delete (Actions, Advanced, Folders) would have it filed"
)
_STAYS_OUT = (
    "{count} lines of .stignore keep files from arriving; when one is taken out, all that it "
    "covered comes again (filed ones are recognised)"
)


@dataclass(frozen=True)
class Verdict:
    """What the doctor says of one folder of Syncthing."""

    folder: str
    """Its label in Syncthing."""
    verdict: Word
    reason: str
    advice: str
    inbox: str
    """The first folder below the inbox it concerns; empty: the whole inbox."""

    def as_json(self) -> dict[str, Any]:
        """The verdict for programs."""
        return asdict(self)


def examine(picture: Picture, mode: str) -> list[Verdict]:
    """A verdict on each folder that has to do with the inbox, for an INBOX_MODE."""
    states = {state.id: state for state in picture.states}
    return [_verdict(folder, states.get(folder.id), mode) for folder in picture.folders]


def may_be_trusted(picture: Picture) -> bool:
    """False when Syncthing has folders, and none leads to the inbox as we know it.

    Most likely the inbox has another path in Syncthing's container, and a dangerous folder would
    not be recognised.
    """
    return bool(picture.folders) or not picture.other_folders


def lost(picture: Picture) -> str:
    """What to say then."""
    return (
        f"none of Syncthing's {picture.other_folders} folders leads to the inbox, which should be "
        f"{picture.inbox} there: set SYNCTHING_INBOX to the inbox's path as Syncthing sees it, or "
        "add a phone with `photo-factory syncthing add-device`"
    )


def _verdict(folder: Folder, state: FolderState | None, mode: str) -> Verdict:
    word, reason, advice = (_moving if mode == "move" else _keeping)(folder)
    notes = [advice, *_hints(folder, state)]
    return Verdict(
        folder=folder.name,
        verdict=word,
        reason=reason,
        advice=". ".join(note for note in notes if note),
        inbox=folder.inbox,
    )


def _moving(folder: Folder) -> tuple[Word, str, str]:
    """The verdict where filed files leave the inbox."""
    match folder.type:
        case "receiveonly" if folder.is_above:
            return "WARNING", "Receive Only, but the folder holds more than the inbox", _ABOVE
        case "receiveonly":
            return "OK", _RIGHT, ""
        case "sendreceive" | "readwrite":
            return "ERROR", _deadly(folder, "Send & Receive"), _MEND
        case "sendonly" | "readonly":
            return "ERROR", f"{_deadly(folder, 'Send Only')}, and nothing arrives", _MEND
        case "receiveencrypted":
            return _ENCRYPTED
    return "ERROR", f"nobody knows what the type {folder.type!r} does to a phone", _MEND


def _keeping(folder: Folder) -> tuple[Word, str, str]:
    """The verdict where filed files stay in the inbox."""
    match folder.type:
        case "receiveonly" | "sendreceive" | "readwrite" if folder.is_above:
            return "WARNING", "the folder holds more than the inbox", _ABOVE
        case "receiveonly" | "sendreceive" | "readwrite":
            return "OK", "the inbox is kept (INBOX_MODE=keep): nothing is deleted anywhere", ""
        case "sendonly" | "readonly":
            return "WARNING", "Send Only: nothing arrives through this folder", _MEND
        case "receiveencrypted":
            return _ENCRYPTED
    return "WARNING", f"nobody knows what the type {folder.type!r} does", _MEND


_ENCRYPTED: tuple[Word, str, str] = (
    "ERROR",
    "Receive Encrypted: only ciphertext arrives, which is useless for an inbox",
    "Remove the folder on both sides and share it again without a password, as Receive Only here",
)


def _deadly(folder: Folder, kind: str) -> str:
    whose = "a phone" if folder.devices else "any phone it is shared with"
    return f"{kind}: emptying the inbox would delete photos on {whose}"


def _hints(folder: Folder, state: FolderState | None) -> Iterable[str]:
    """What is worth knowing, whatever the verdict."""
    if folder.type != "receiveencrypted" and not folder.ignore_delete:
        yield _IN_TRASH if folder.versioning else _WINDOW
    if state and "marker" in state.error:
        yield (
            f"If {folder.path} is the right disk, make the folder {folder.path}/{folder.marker} "
            "again and rescan"
        )
    if state and state.ignores:
        yield _STAYS_OUT.format(count=state.ignores)
