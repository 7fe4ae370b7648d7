"""The steps from one shape of the ledger to the next."""

HEAD = "0002"
"""The newest step. Steps are numbered and compared as text: 0002 follows 0001."""
