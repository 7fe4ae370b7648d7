"""The ledger: its tables, its database and its migrations."""
