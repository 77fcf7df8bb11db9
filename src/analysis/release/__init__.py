"""The release grade of a report: what may leave the clinic, and the check that it may."""
