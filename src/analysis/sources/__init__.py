"""Readers: from files in any form to the tables of the contract."""
