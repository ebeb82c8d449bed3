"""Benchmarks: each prints ratios that were measured in one run, with the command that repeats it."""
