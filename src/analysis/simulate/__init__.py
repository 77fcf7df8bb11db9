"""Simulations whose tables are published in docs/simulations."""
