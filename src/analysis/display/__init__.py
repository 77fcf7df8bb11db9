"""Draws and rounds what it is given; computes no statistic. Numbers become text only here."""
