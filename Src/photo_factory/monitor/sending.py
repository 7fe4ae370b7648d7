"""The ways out: Apprise's services for alerts, and the address a watcher outside waits for."""

from __future__ import annotations

import hashlib
import http.client
import logging
import urllib.error
import urllib.request
from typing import Any

from photo_factory.monitor.alerts import Way
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

_TIMEOUT_S = 15.0


def ways(settings: Settings) -> list[Way]:
    """How people are told: one for each address of ALERT_URLS. SettingsError for a wrong one."""
    if settings.alert_urls is None:
        return []
    from apprise import Apprise

    # It logs what it sends, at levels of its own; what fails is told by us.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    services = Apprise()
    if not services.add(settings.alert_urls.get_secret_value()):
        # The URL itself is a secret: passwords and tokens stand in it.
        raise SettingsError(
            "ALERT_URLS: at least one of them is no address Apprise knows (examples: "
            "ntfy://ntfy.sh/topic, mailto://user:password@example.org, discord://id/token)"
        )
    # An address that is there twice is one.
    return list({way.id: way for way in map(_way, services)}.values())


def _way(service: Any) -> Way:
    name = str(service.service_name)

    def send(title: str, text: str) -> str | None:
        return None if service.notify(body=text, title=title) else f"{name} did not take it"

    # Told apart by what cannot be turned back into the address.
    return Way(hashlib.sha256(service.url().encode()).hexdigest()[:16], name, send)


def ping(settings: Settings) -> None:
    """Tell the watcher outside that the service-monitor is alive."""
    if settings.dead_man_url is None:
        return
    try:
        with urllib.request.urlopen(settings.dead_man_url.get_secret_value(), timeout=_TIMEOUT_S):
            pass
    except (OSError, ValueError, http.client.HTTPException) as error:
        # Only what kind of error: its text may hold the address, which is a secret.
        kind = type(getattr(error, "reason", None) or error).__name__
        log.warning("DEAD_MAN_URL cannot be reached: %s", kind)
