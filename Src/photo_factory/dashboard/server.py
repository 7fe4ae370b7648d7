"""The process that Streamlit runs in: `python -m photo_factory.dashboard.server`."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Any

from photo_factory.dashboard import access, pictures
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
        # Without a password the one guard is that only this machine can ask; a page of a
        # stranger must not get around that by a name that resolves to 127.0.0.1.
        "server.allowedHosts": [] if access.is_guarded(chosen) else ["localhost", "127.0.0.1"],
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


def provider(chosen: Settings) -> dict[str, Any] | None:
    """The secrets Streamlit wants for OpenID Connect; they stay in this process's memory."""
    if not chosen.dashboard_oidc or chosen.dashboard_oidc_secret is None:
        return None
    return {
        "auth": {
            "redirect_uri": f"{chosen.dashboard_url.rstrip('/')}/oauth2callback",
            "cookie_secret": secrets.token_hex(32),
            "client_id": chosen.dashboard_oidc_client,
            "client_secret": chosen.dashboard_oidc_secret.get_secret_value(),
            "server_metadata_url": chosen.dashboard_oidc,
        }
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

    from photo_factory.dashboard.gate import Gate, routes

    chosen = context().settings
    logs.configure(chosen.log_level, service="dashboard")
    access.check(chosen)
    doors = access.doors()
    # Who signs in by OpenID Connect does so on a page of Streamlit's, so that has to be reachable.
    is_shut = access.is_guarded(chosen) and not chosen.dashboard_oidc
    app = streamlit.App(
        HERE / "app.py",
        secrets=provider(chosen),
        routes=[*routes(doors, chosen.dashboard_url), *pictures.routes()],
        on_script_error=tell,
        middleware=[Middleware(Gate, doors=doors, is_shut=is_shut)],
    )
    app.run(config=options(chosen))


if __name__ == "__main__":
    main()
