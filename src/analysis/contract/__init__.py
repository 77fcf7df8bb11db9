"""What a table must look like: columns, types, units, ranges, and the rules across rows."""
