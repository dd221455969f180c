"""Benchmarks: each a ratio of the product against a peer, measured in one run. Never asserted."""
