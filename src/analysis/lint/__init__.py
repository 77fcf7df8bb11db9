"""Read advertising copy, find what can be checked, and say what the ledger and a run say of it."""
