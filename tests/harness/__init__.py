"""What the suites share: a local AWS, a stage with a source of its own, and drills on it."""
