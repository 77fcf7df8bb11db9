"""Claims: the ledger, the verdicts, and what may be said.

To read in order: `ledger` (claims and their readings), `judgement` (what a verdict is), `verdict`
(one claim judged on one result), `sentences` (the finding in words), then what is printed with it:
`multiverse`, `tipping`, `multiplicity`, `power`, `rules`, `testimonials`. `judge` puts a ledger
through all of them, and `records` keeps the judgements as a file.
"""
