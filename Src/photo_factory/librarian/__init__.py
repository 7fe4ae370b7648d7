"""The Librarian: files what arrives in the inbox and enters it in the ledger."""
