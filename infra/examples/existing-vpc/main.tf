# In the VPC that is there, by its tags: no second VPC, no NAT gateway, no endpoint.

data "aws_vpc" "production" {
  tags = { Name = "production" }
}

data "aws_subnets" "database" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.production.id]
  }

  tags = { Tier = "database" }
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.production.id]
  }

  tags = { Tier = "private" }
}

module "restore_drill" {
  source = "../.."

  time_zone = "Europe/Berlin"
  sources = {
    courses-prod = {
      checks_file      = "${path.module}/courses-prod.toml"
      postgres_version = 17
    }
  }

  artifacts           = { folder = "${path.module}/../../../target/package/arm64" }
  vpc_id              = data.aws_vpc.production.id
  replica_subnet_ids  = data.aws_subnets.database.ids
  verifier_subnet_ids = data.aws_subnets.private.ids
  notify_emails       = ["night@example.com"]
}

output "evidence_bucket" {
  value = module.restore_drill.evidence_bucket
}
