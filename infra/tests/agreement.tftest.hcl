# The deployment of the one machine, as the module plans it: tests/suites/infra_suite.py compares the two.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

override_data {
  target = data.aws_caller_identity.here
  values = { account_id = "000000000000" }
}

variables {
  vpc_id              = "vpc-0a1b2c3d"
  replica_subnet_ids  = ["subnet-0a1b2c3d", "subnet-0d3c2b1a"]
  artifacts           = { bucket = "restore-drill-main-artifacts" }
  evidence_bucket     = "restore-drill-main-evidence"
  source_kms_key_arns = ["arn:aws:kms:eu-central-1:000000000000:key/one"]
  sources = {
    courses-prod = { checks_file = "tests/checks/courses-prod.toml", postgres_version = 17, resource_id = "db-COURSES", watched_since = "2026-11-21T00:00:00Z" }
    billing-prod = { checks_file = "tests/checks/billing-prod.toml", postgres_version = 16, resource_id = "db-BILLING", watched_since = "2026-11-21T00:00:00Z" }
  }
}

run "as_on_the_one_machine" {
  command = plan
}
