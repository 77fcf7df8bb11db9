"""Words and numbers as people read them: the one place that rounds, and the one that names."""
