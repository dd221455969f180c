# The drill of courses-prod, every night at 05:00 Europe/Berlin. Written by restore-drill init; yours from now on.
# All inputs: infra/README.md of restore-drill.

provider "aws" {
  region = "eu-central-1"
}

module "restore_drill" {
  source = "../infra"

  deployment = "main"

  sources = {
    courses-prod = {
      checks_file      = "${path.module}/drill.toml"
      postgres_version = 17
      # Keeps the drill out of production's database. A source that is made anew has another: apply again.
      resource_id = "db-ABC"
      # From here on silence counts, also if no night ever begins.
      watched_since = "2026-11-21T12:00:00Z"
    }
  }

  # After the source's backup window, 02:00-02:30 UTC, all year.
  at        = "05:00"
  time_zone = "Europe/Berlin"

  # Replicas have no public address and no way out; any of the source's subnets will do.
  vpc_id             = "vpc-1"
  replica_subnet_ids = ["subnet-1", "subnet-2"]

  port = 6543

  # The backups' key: the role that restores may use it.
  source_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/one"]

  artifacts    = { folder = "${path.module}/../target/lambda" }
  architecture = "arm64"

  # AWS sends each a link; until it is followed nothing arrives.
  notify_emails = ["night@example.com"]
}

output "evidence_bucket" {
  value = module.restore_drill.evidence_bucket
}

output "configurations" {
  value = module.restore_drill.configurations
}
