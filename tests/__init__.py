"""Tests of Reliefcheck."""
