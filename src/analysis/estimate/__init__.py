"""Estimators: arrays and Series in, frozen results out; no files, no drawing, no rounding."""
