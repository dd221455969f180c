# One source, every night at 3 AM UTC. All that is said here has to be; the rest has a default.

module "restore_drill" {
  source = "../.."

  sources = {
    courses-prod = {
      checks_file      = "${path.module}/courses-prod.toml"
      postgres_version = 17
    }
  }

  artifacts          = { folder = "${path.module}/../../../target/package/x86_64" }
  architecture       = "x86_64" # or arm64, here and in the folder: `make package` makes both
  vpc_id             = "vpc-0a1b2c3d4e5f60718"
  replica_subnet_ids = ["subnet-0a1b2c3d4e5f60718", "subnet-0f1e2d3c4b5a69788"]
  notify_emails      = ["night@example.com"]
}

output "evidence_bucket" {
  value = module.restore_drill.evidence_bucket
}
