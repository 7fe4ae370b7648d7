"""The dashboard: Docker, heartbeats and the ledger, joined on one screen."""
