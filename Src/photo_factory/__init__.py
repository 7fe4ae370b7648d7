"""Photo Factory: files a household's photos safely and keeps the ledger that proves it."""
