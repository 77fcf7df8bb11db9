"""Claims: the ledger, the verdicts, and what may be said."""
