"""Errors named after what happens next; each message says which file, why, and what to do."""

from __future__ import annotations


class PhotoFactoryError(Exception):
    """A failure that is told in one line; `exit_code` is what the command line ends with."""

    exit_code = 1


class SettingsError(PhotoFactoryError):
    """A setting is wrong: nothing was started."""

    exit_code = 2


class LedgerError(PhotoFactoryError):
    """The ledger is there but cannot be used, for example because it is newer than this program."""


class LedgerAway(PhotoFactoryError):
    """The database cannot be reached now; it is expected back."""


class NameTaken(PhotoFactoryError):
    """Another asset has a row's final path or identity: nothing of the transaction was written."""


class Held(PhotoFactoryError):
    """The file stays in the inbox and is tried again; the message is the reason."""


class Failed(Held):
    """The file itself stands in the way: it stays in the inbox and needs a person."""


class Vanished(PhotoFactoryError):
    """The file left the inbox before it was filed: nothing is left to account for."""


class Unprocessable(PhotoFactoryError):
    """An add-on can never do this asset; it is parked, and the message is the reason."""


class TryLater(PhotoFactoryError):
    """What an add-on needs is away (a provider, a target, room on a disk).

    That is no asset's fault: no try is spent, the service says WARNING and rests for a while.
    """
