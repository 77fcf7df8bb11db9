"""Lets `python -m analysis` stand for the command."""

from analysis.cli import main

main()
