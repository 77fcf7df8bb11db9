"""Reliefcheck: do a clinic's outcomes bear out what was said about them?"""

__version__ = "0.1.0"
