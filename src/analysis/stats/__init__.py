"""Estimators: they take arrays or Series and return numbers with intervals."""
