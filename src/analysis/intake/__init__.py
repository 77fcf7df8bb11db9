"""Exports of any form become three checked tables, every line accounted for."""
