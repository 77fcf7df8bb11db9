"""Lets `python -m analysis.cli` stand for the command."""

from analysis.cli import main

main()
