"""Measures: speed as a ratio against a named baseline in the same run, directions against the truth."""
