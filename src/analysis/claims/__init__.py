"""Claims: exact words, a reading fixed before data are seen, and a verdict."""
