# What is kept of the drills.

variable "evidence_bucket" {
  description = "Name of the evidence bucket; `restore-drill-<deployment>-<account>-<region>` when absent."
  type        = string
  default     = null

  validation {
    condition     = var.evidence_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.evidence_bucket))
    error_message = "evidence_bucket has 3 to 63 lower-case letters, digits and hyphens. Dots aren't taken: TLS can't be verified with them."
  }
}

variable "evidence_retention_days" {
  description = "After how many days the records of a drill are deleted. Baselines and the watchdog read up to 90 days."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.evidence_retention_days >= 90
    error_message = "evidence_retention_days is 90 at least: the watchdog counts from records of up to 90 days, and a standby without its verdict can't be promoted."
  }
}

variable "object_lock" {
  description = "Keeps records from being deleted or overwritten, by anybody without a special right (`GOVERNANCE`) or by anybody at all (`COMPLIANCE`), for `days`. Off when absent; can't be taken back."
  type = object({
    mode = optional(string, "GOVERNANCE")
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null || try(contains(["GOVERNANCE", "COMPLIANCE"], var.object_lock.mode) && var.object_lock.days >= 1 && var.object_lock.days <= 3650, false)
    error_message = "object_lock is { days = 30 }, with mode = \"GOVERNANCE\" (the default) or \"COMPLIANCE\", for 1 to 3650 days."
  }
}

variable "evidence_kms_key_arn" {
  description = "Customer-managed key for the evidence bucket, whose policy lets the roles in for `s3`; S3's own encryption when absent."
  type        = string
  default     = null

  validation {
    condition     = var.evidence_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.evidence_kms_key_arn))
    error_message = "evidence_kms_key_arn is the ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/…"
  }
}

variable "topic_kms_key_arn" {
  description = "Customer-managed key for the topic, whose policy lets the roles and CloudWatch in for `sns`. The key `aws/sns` doesn't let alarms in."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn is the ARN of a customer-managed key; alias/aws/sns doesn't let CloudWatch's alarms publish."
  }
}
