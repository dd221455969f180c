# The drill's own state, apart from production's: one `destroy` there takes nothing here. README.md of the module has
# the two commands that make such a bucket, versioned.

terraform {
  # use_lockfile: a lock beside the state in S3, without a table in DynamoDB. Terraform or OpenTofu 1.10.
  required_version = ">= 1.10"

  backend "s3" {
    bucket       = "example-restore-drill-state" # yours
    key          = "restore-drill/complete.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32, < 7.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}
