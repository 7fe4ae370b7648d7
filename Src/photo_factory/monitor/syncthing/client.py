"""Syncthing's REST API (https://docs.syncthing.net/dev/rest.html), as far as we speak it.

The key goes into a header and nowhere else: not through a proxy, not after a redirect, not into
a message.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.settings import Settings

_TIMEOUT_S = 10
_LONGEST_ANSWER = 64 << 20
_ALL_FINE = range(200, 300)


class SyncthingError(PhotoFactoryError):
    """Syncthing could not be asked, or refused; the message says why and what to do."""


class NotSetUp(SyncthingError):
    """The settings do not say where Syncthing is."""

    exit_code = 2


class Away(SyncthingError):
    """Nobody answers there."""


class WrongKey(SyncthingError):
    """Syncthing answers, but not with this key."""


class Refused(SyncthingError):
    """Syncthing understood, and said no; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """One Syncthing; every call raises a SyncthingError when it cannot be answered."""

    def __init__(self, url: str, key: str, *, timeout: float = _TIMEOUT_S) -> None:
        self.url = url
        self._key = key
        self._timeout = timeout
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=_context(url)),
            _NoRedirects(),
        )

    @classmethod
    def of(cls, settings: Settings) -> Client:
        """The household's Syncthing; NotSetUp where the settings name none."""
        if not settings.syncthing_url:
            raise NotSetUp(
                "Syncthing is not set up: set SYNCTHING_URL (such as http://127.0.0.1:8384) and "
                "SYNCTHING_API_KEY (in Syncthing: Actions, Settings, General); docs/SYNCTHING.md "
                "says more"
            )
        if settings.syncthing_api_key is None:
            raise NotSetUp(
                "SYNCTHING_API_KEY is not set: copy the key from Syncthing (Actions, Settings, "
                "General)"
            )
        return cls(settings.syncthing_url, settings.syncthing_api_key.get_secret_value())

    def get(self, path: str, **query: str) -> Any:
        """The answer's JSON; `path` is what follows /rest/."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def put(self, path: str, value: Mapping[str, Any]) -> None:
        """Make or replace something; what `value` leaves out gets Syncthing's default."""
        self._ask("PUT", path, value)

    def patch(self, path: str, value: Mapping[str, Any]) -> None:
        """Change only what `value` names."""
        self._ask("PATCH", path, value)

    def _ask(self, method: str, path: str, value: Mapping[str, Any] | None = None) -> Any:
        status, answer = self._answer(method, path, value)
        if status in (401, 403):
            raise WrongKey(
                f"Syncthing at {self.url} refuses SYNCTHING_API_KEY ({status}, {_said(answer)}): "
                "copy the key again (Actions, Settings, General)"
            )
        if status not in _ALL_FINE:
            raise Refused(self._complaint(path, status, answer), status)
        return self._parsed(answer)

    def _request(
        self, method: str, path: str, value: Mapping[str, Any] | None
    ) -> urllib.request.Request:
        body = None if value is None else json.dumps(value).encode()
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        return urllib.request.Request(f"{self.url}/rest/{path}", body, headers, method=method)

    def _answer(self, method: str, path: str, value: Mapping[str, Any] | None) -> tuple[int, bytes]:
        """Status and body of whatever answer comes; Away when none does."""
        try:
            try:
                request = self._request(method, path, value)
                with self._opener.open(request, timeout=self._timeout) as answer:
                    return answer.status, _whole(answer)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read(4096)
        except urllib.error.URLError as error:
            raise self._away(error.reason) from None
        except (OSError, http.client.HTTPException) as error:  # cut off half way, or no HTTP
            raise self._away(error) from None
        except ValueError as error:  # what a key or an address may not hold; it may quote the key
            raise Away(f"Syncthing at {self.url} cannot be asked: {type(error).__name__}") from None

    def _away(self, reason: object) -> Away:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Away(
                f"Syncthing at {self.url} shows a certificate that nobody vouches for: use http:// "
                "inside the house, or name the certificate in SSL_CERT_FILE"
            )
        return Away(
            f"Syncthing does not answer at {self.url} ({reason}): start it, or mend SYNCTHING_URL"
        )

    def _complaint(self, path: str, status: int, answer: bytes) -> str:
        if 300 <= status < 400:
            return f"{self.url} sends us elsewhere ({status}): set SYNCTHING_URL to where it leads"
        if status == 404 and path.startswith("config/"):
            return f"Syncthing at {self.url} does not know /rest/{path}: 1.12 or later is needed"
        return f"Syncthing at {self.url} refuses /rest/{path} ({status}): {_said(answer)}"

    def _parsed(self, answer: bytes) -> Any:
        try:
            return json.loads(answer) if answer.strip() else None
        except ValueError:
            raise Away(f"what answers at {self.url} is no Syncthing: mend SYNCTHING_URL") from None


def below(*parts: str) -> str:
    """A path of the API, each part quoted."""
    return "/".join(quote(part, safe="") for part in parts)


def _said(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip().partition("\n")[0][:200]


def _whole(answer: http.client.HTTPResponse) -> bytes:
    found = answer.read(_LONGEST_ANSWER + 1)
    if len(found) > _LONGEST_ANSWER:
        raise OSError(f"the answer is longer than {_LONGEST_ANSWER} bytes")
    if answer.length:
        raise OSError("the answer was cut off")
    return found


def _context(url: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if _is_this_machine(url):
        # Syncthing signs its own certificate, and nobody can come between us on this machine.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no address at all, which is told when it is asked
        return False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key is for this address only."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None
