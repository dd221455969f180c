# Where replicas are restored, and from where they are read.

variable "vpc_id" {
  description = "The VPC of the replicas; the source's own will do."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id looks like vpc-0a1b2c3d4e5f60718."
  }
}

variable "replica_subnet_ids" {
  description = "Private subnets for the replicas, in two availability zones at least."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.replica_subnet_ids) >= 2 && alltrue([for id in var.replica_subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "RDS wants subnets in two availability zones at least: name two or more, such as subnet-0a1b2c3d4e5f60718."
  }
}

variable "verifier_subnet_ids" {
  description = "Subnets for the two functions that read replicas. They need no way out: no NAT gateway, no endpoint. Those of the replicas when absent."
  type        = set(string)
  default     = null

  validation {
    condition     = var.verifier_subnet_ids == null || try(length(var.verifier_subnet_ids) >= 1, false)
    error_message = "verifier_subnet_ids names a subnet at least, or is left out."
  }
}

variable "port" {
  description = "The port of the sources, and so of their replicas."
  type        = number
  default     = 5432
  nullable    = false

  validation {
    condition     = var.port >= 1150 && var.port <= 65535
    error_message = "RDS takes ports from 1150 to 65535; PostgreSQL's own is 5432."
  }
}

variable "database_user" {
  description = "The read-only role in the databases, as in the configurations' `database.user`."
  type        = string
  default     = "restore_drill"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]{0,62}$", var.database_user))
    error_message = "database_user is a plain PostgreSQL role name without wildcards: a * would let the verifier in as anybody."
  }
}

variable "source_kms_key_arns" {
  description = "Customer-managed keys that the sources' backups are encrypted under. Not needed for `aws/rds`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.source_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "source_kms_key_arns takes ARNs of keys, not of aliases: IAM compares with the key's own."
  }
}
