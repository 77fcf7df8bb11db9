"""Read advertising copy, find what can be checked, and compare it with the ledger and a run."""
