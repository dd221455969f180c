# What the functions are made from and how they run.

variable "artifacts" {
  description = "Where `plan.zip`, `control.zip` and `verify.zip` are, of one architecture: a `folder`, or a `bucket` with a `prefix` that changes with each release, such as `restore-drill/0.1.0/`."
  type = object({
    folder = optional(string)
    bucket = optional(string)
    prefix = optional(string, "")
  })
  nullable = false

  validation {
    condition     = (var.artifacts.folder == null) != (var.artifacts.bucket == null)
    error_message = "artifacts needs either a folder or a bucket: folder = \"target/package/arm64\" for zips on this machine, bucket and prefix for a release in S3."
  }
}

variable "architecture" {
  description = "What the zips were built for: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64, the one that the zips were built for."
  }
}

variable "ca_bundle" {
  description = "PEM file of the RDS certificate authorities, as the functions inside the VPC see it; relative to the root of `verify.zip`."
  type        = string
  default     = "rds-ca.pem"
  nullable    = false

  validation {
    condition     = endswith(var.ca_bundle, ".pem")
    error_message = "ca_bundle is the path of a .pem file inside verify.zip. Without it no certificate can be verified, and the drill doesn't connect."
  }
}

variable "control_environment" {
  description = "More environment variables of the functions outside the VPC, such as the endpoints of a local AWS. No secrets: whoever may read the state reads them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, _ in var.control_environment : !startswith(key, "RESTORE_DRILL_")])
    error_message = "The variables that begin with RESTORE_DRILL_ are the module's own: they follow from its other inputs."
  }
}

variable "log_retention_days" {
  description = "For how many days CloudWatch keeps the logs of functions and state machine."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827 or 3653 days."
  }
}
