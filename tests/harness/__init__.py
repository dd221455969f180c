"""What suites run on: one local AWS a session, and a scenario of its own for each test."""
