"""The memory of a function after one description, against Python's; see `start_up`."""

from bench.start_up import compare_memory as compare

__all__ = ["compare"]
