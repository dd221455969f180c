# Two sources with their own nights, under a boundary, with keys of one's own and evidence that can't be deleted.

module "restore_drill" {
  source = "../.."

  deployment = "prod"
  at         = "03:00"
  time_zone  = "Europe/Berlin"

  sources = {
    courses-prod = {
      checks_file      = "${path.module}/courses-prod.toml"
      postgres_version = 17
      # Written down, a plan works after the source is gone: the day on which it counts.
      resource_id   = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      watched_since = "2026-11-21T00:00:00Z"
    }
    billing-prod = {
      checks_file      = "${path.module}/billing-prod.toml"
      postgres_version = 16
      resource_id      = "db-ZYXWVUTSRQPONMLKJIHGFEDCBA"
      watched_since    = "2026-11-21T00:00:00Z"
      # 3 AM doesn't exist in Helsinki on one night of the year.
      at        = "04:00"
      time_zone = "Europe/Helsinki"
    }
  }

  # A release that was uploaded; the prefix changes with it.
  artifacts    = { bucket = "example-artifacts", prefix = "restore-drill/0.1.0/arm64/" }
  architecture = "arm64"

  vpc_id              = "vpc-0a1b2c3d4e5f60718"
  replica_subnet_ids  = ["subnet-0a1b2c3d4e5f60718", "subnet-0f1e2d3c4b5a69788"]
  verifier_subnet_ids = ["subnet-0123456789abcdef0"]
  port                = 5432

  source_kms_key_arns     = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
  evidence_kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/66666666-7777-8888-9999-000000000000"
  evidence_retention_days = 730
  object_lock             = { mode = "GOVERNANCE", days = 90 }

  permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  notify_emails        = ["night@example.com", "database@example.com"]
  log_retention_days   = 365
  sweep_schedule       = "rate(1 hour)"
  tags                 = { team = "platform", service = "restore-drill" }
}

output "restore_drill" {
  value = module.restore_drill
}
