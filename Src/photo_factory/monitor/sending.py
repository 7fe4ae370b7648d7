"""The ways out: Apprise's services for alerts, and the address a watcher outside waits for."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request

from photo_factory.monitor.alerts import Send
from photo_factory.shared.errors import SettingsError
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

_TIMEOUT_S = 15.0


def sender(settings: Settings) -> Send | None:
    """How alerts are sent; None where no ALERT_URLS are set. SettingsError for a wrong one."""
    if settings.alert_urls is None:
        return None
    from apprise import Apprise

    # It logs what it sends, at levels of its own; what fails is told by us.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    ways = Apprise()
    if not ways.add(settings.alert_urls.get_secret_value()):
        # The URL itself is a secret: passwords and tokens stand in it.
        raise SettingsError(
            "ALERT_URLS: at least one of them is no address Apprise knows (examples: "
            "ntfy://ntfy.sh/topic, mailto://user:password@example.org, discord://id/token)"
        )

    def send(title: str, text: str) -> str | None:
        failed = [one.service_name for one in ways if not one.notify(body=text, title=title)]
        return f"{', '.join(map(str, failed))} did not take it" if failed else None

    return send


def ping(settings: Settings) -> None:
    """Tell the watcher outside that the service-monitor is alive."""
    if settings.dead_man_url is None:
        return
    try:
        with urllib.request.urlopen(settings.dead_man_url.get_secret_value(), timeout=_TIMEOUT_S):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        log.warning("DEAD_MAN_URL cannot be reached: %s", reason)
