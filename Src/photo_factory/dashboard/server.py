"""The process that Streamlit runs in: `python -m photo_factory.dashboard.server`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from photo_factory.dashboard import access, openid, pictures
from photo_factory.dashboard.context import context
from photo_factory.shared import logs
from photo_factory.shared.processes import end_with_parent
from photo_factory.shared.settings import Settings

log = logging.getLogger(__name__)

HERE = Path(__file__).parent

PARENT = "PHOTO_FACTORY_DASHBOARD_PARENT"
"""Tells this process who started it, so that it does not outlive them."""


def options(chosen: Settings) -> dict[str, Any]:
    """Streamlit's own settings: nothing leaves this machine, nothing is watched or advertised."""
    host = access.listens_on(chosen)
    return {
        "server.address": host,
        "server.port": chosen.dashboard_port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": 1,  # megabytes; the gate takes none at all
        # The gate looks at hosts and origins itself. Streamlit would ask a server on the internet
        # for our address, when it sees an origin that is neither this host nor this one.
        "server.allowedHosts": sorted(access.hosts(chosen) or ()),
        "browser.serverAddress": urlsplit(chosen.dashboard_url).hostname or "localhost",
        "runner.magicEnabled": False,  # else a page shows the docstrings of its constants
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "theme.base": str(HERE / "theme.toml"),
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "global.developmentMode": False,
    }


def tell(error: Exception) -> bool:
    """What is seen of a fault of ours: that it is one, and where its details are."""
    import streamlit as st

    log.error("a page broke", exc_info=error)
    st.error(
        f"This page has a fault ({type(error).__name__}). The rest goes on; the dashboard's own "
        "log, on the page Services, says where it is.",
        icon=":material/bug_report:",
    )
    return True


def main() -> None:
    """Serve the dashboard until somebody says stop."""
    if PARENT in os.environ:
        end_with_parent(int(os.environ[PARENT]))
    import streamlit
    from starlette.middleware import Middleware

    from photo_factory.dashboard.entrance import Entrance
    from photo_factory.dashboard.gate import Gate

    chosen = context().settings
    logs.configure(chosen.log_level, service="dashboard")
    access.check(chosen)
    doors = access.doors()
    app = streamlit.App(
        HERE / "app.py",
        secrets=openid.secrets_of(chosen),
        routes=[*Entrance(chosen, doors).routes(), *pictures.routes()],
        on_script_error=tell,
        middleware=[Middleware(Gate, doors=doors, settings=chosen)],
    )
    app.run(config=options(chosen))


if __name__ == "__main__":
    main()
