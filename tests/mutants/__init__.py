"""Switches the guards off, one at a time, and sees that a check notices."""
