"""The one-machine AWS: a local AWS, an RDS double and the drill deployed onto both."""
