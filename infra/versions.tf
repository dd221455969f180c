terraform {
  # OpenTofu counts as the Terraform that it is compatible with; it began at 1.6.
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.32 is the first that knows a function's logging_config.
      version = ">= 5.32, < 7.0"
    }
  }
}
