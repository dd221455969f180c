"""The IAM policies of the deployment: filled in, evaluated offline, and enforced on one machine."""
