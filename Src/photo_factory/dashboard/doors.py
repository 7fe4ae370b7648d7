"""Who was let in: sessions, and the growing wait after wrong passwords."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from photo_factory.shared.action_log import Actor, Role
from photo_factory.shared.errors import PhotoFactoryError, SettingsError
from photo_factory.shared.settings import Settings

FREE_TRIES = 5
"""Wrong passwords before one has to wait."""

LONGEST_WAIT_S = 300.0
"""Seconds; the wait is one second at first, and twice as long after each wrong password."""

FORGIVEN_AFTER_S = 3600.0
"""Seconds without a wrong password after which the earlier ones do not count any more."""

_MOST_SESSIONS = _MOST_ADDRESSES = 1000


class TooSoon(PhotoFactoryError):
    """Too many wrong passwords: none is looked at for `wait_s` more seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many wrong passwords: wait {wait_s:.0f} s")
        self.wait_s = wait_s


@dataclass
class _Wrong:
    """Wrong passwords from one address, and until when none is looked at."""

    count: int = 0
    closed_until: float = 0.0
    forgiven_at: float = 0.0


@dataclass
class _Session:
    actor: Actor
    seen: float


class Doors:
    """The passwords of one dashboard, and who came in; of one process."""

    def __init__(
        self,
        hashes: dict[Role, str],
        session_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hashes, self._session_s, self._monotonic = hashes, session_s, monotonic
        self._sessions: dict[str, _Session] = {}
        self._wrong: dict[str, _Wrong] = {}
        """By address: a stranger who guesses must not lock the household out."""
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Doors:
        """The doors of these settings; SettingsError where a password is not its argon2 hash."""
        given: dict[Role, tuple[str, str | None]] = {
            "owner": ("DASHBOARD_PASSWORD", _secret(settings.dashboard_password)),
            "viewer": ("DASHBOARD_VIEWER_PASSWORD", _secret(settings.dashboard_viewer_password)),
        }
        hashes = {role: _checked(*one) for role, one in given.items() if one[1]}
        return cls(hashes, settings.dashboard_session_hours * 3600)

    def enter(self, password: str, where: str) -> str | None:
        """A session's token, None for a wrong password; TooSoon. `where`: the caller's address."""
        # One at a time: an argon2 hash costs memory, and guesses shall cost time.
        with self._lock:
            wait_s = self._wrong.get(where, _Wrong()).closed_until - self._monotonic()
            if wait_s > 0:
                raise TooSoon(wait_s)
            role = self._role_of(password)
            if role is None:
                self._note_wrong(where)
                return None
            if role == "owner":  # else a viewer could guess the owner's password without waiting
                self._wrong.pop(where, None)
            return self._begun(Actor(f"{role} at {where}", role))

    def admit(self, actor: Actor) -> str:
        """The token of a session of somebody whom others vouch for."""
        with self._lock:
            return self._begun(actor)

    def actor(self, token: str | None) -> Actor | None:
        """Who holds this token; None when nobody does any more."""
        session = self._sessions.get(token or "")
        if session is None or self._is_over(session):
            return None
        return session.actor

    def touch(self, token: str | None) -> None:
        """Somebody did something: the time without activity begins anew."""
        session = self._sessions.get(token or "")
        if session is not None and not self._is_over(session):
            session.seen = self._monotonic()

    def leave(self, token: str | None) -> None:
        """End a session."""
        self._sessions.pop(token or "", None)

    def _begun(self, actor: Actor) -> str:
        for token in [key for key, one in self._sessions.items() if self._is_over(one)]:
            self.leave(token)
        while len(self._sessions) >= _MOST_SESSIONS:
            self.leave(min(self._sessions, key=lambda key: self._sessions[key].seen))
        token = secrets.token_urlsafe(32)
        self._sessions[token] = _Session(actor, self._monotonic())
        return token

    def _is_over(self, session: _Session) -> bool:
        return self._monotonic() - session.seen > self._session_s

    def _note_wrong(self, where: str) -> None:
        at = self._monotonic()
        wrong = self._wrong.pop(where, _Wrong())
        if at > wrong.forgiven_at:
            wrong = _Wrong()
        wrong.count += 1
        if wrong.count >= FREE_TRIES:
            doublings = min(wrong.count - FREE_TRIES, 10)  # a float has no room for a thousand
            wrong.closed_until = at + min(2.0**doublings, LONGEST_WAIT_S)
        wrong.forgiven_at = at + FORGIVEN_AFTER_S
        self._wrong[where] = wrong  # the last one now
        while len(self._wrong) > _MOST_ADDRESSES:
            del self._wrong[next(iter(self._wrong))]

    def _role_of(self, password: str) -> Role | None:
        from argon2 import PasswordHasher
        from argon2.exceptions import VerificationError

        for role, its_hash in self._hashes.items():
            try:
                PasswordHasher().verify(its_hash, password)
            except VerificationError:
                continue
            return role
        return None


def hashed(password: str) -> str:
    """The argon2 hash of a password, as the settings want it; PhotoFactoryError for a short one."""
    from argon2 import PasswordHasher

    if len(password) < 8:
        raise PhotoFactoryError("that password is too short: take eight characters or more")
    return PasswordHasher().hash(password)


def _checked(name: str, its_hash: str | None) -> str:
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError

    try:
        extract_parameters(its_hash or "")
    except InvalidHashError:
        raise SettingsError(
            f"{name} is not an argon2 hash: make one with `photo-factory dashboard --hash`, and "
            "write it between single quotes, as it has $ in it"
        ) from None
    return its_hash or ""


def _secret(given: object) -> str | None:
    return given.get_secret_value() if hasattr(given, "get_secret_value") else None
