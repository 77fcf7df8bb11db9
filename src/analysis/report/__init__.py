"""The report: result rows, judgements and checks become one page; nothing is computed here."""
