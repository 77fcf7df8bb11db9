"""What changed between two runs: which rows moved, by how much of what, and which verdicts."""
