"""From analysis datasets to result rows: who is counted, at which visit, by which estimator."""
