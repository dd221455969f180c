"""The Terraform module in infra: what checks it, and what writes its tables."""
