"""Reliefcheck: do a clinic's outcomes bear out what its web page says about pain relief?"""
