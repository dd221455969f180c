# What a deployment is: its name, what it drills and when.

variable "deployment" {
  description = "Name of the deployment; all names follow from it. Unique in the account, over all its Regions, since roles are."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = length(var.deployment) <= 16 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.deployment))
    error_message = "The deployment must begin with a lower-case letter, go on with lower-case letters, digits and single hyphens, and be 16 characters long at most: it is part of each replica's name, for which RDS has 63."
  }
}

variable "sources" {
  description = "The instances whose backups are drilled, by DB instance identifier. `checks_file`: the configuration in TOML, in which `$${security_group}`, `$${subnet_group}` and `$${parameter_group}` are filled in. `postgres_version`: the major version of the instance. `resource_id`: its `DbiResourceId`; looked up when absent, which needs the instance to exist at each plan. `at` and `time_zone`: the night's own time. `watched_since`: from when silence counts until the first verified night. `parameter_group`: one of your own."
  type = map(object({
    checks_file      = string
    postgres_version = number
    resource_id      = optional(string)
    at               = optional(string)
    time_zone        = optional(string)
    watched_since    = optional(string)
    parameter_group  = optional(string)
    enabled          = optional(bool, true)
  }))
  nullable = false

  validation {
    condition     = length(var.sources) >= 1 && length(var.sources) <= 20
    error_message = "Name 1 to 20 sources: the policies name each of them, and with more they outgrow what IAM takes. Make a second deployment for the rest."
  }

  validation {
    condition = alltrue([
      for id, _ in var.sources : length(id) <= 63 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", id))
    ])
    error_message = "A key of sources isn't a DB instance identifier as RDS shows it: lower case, beginning with a letter, single hyphens, 63 characters at most. Not the ARN, not the endpoint."
  }

  validation {
    condition     = alltrue([for id, _ in var.sources : !startswith(id, "drill-")])
    error_message = "A source's name begins with drill-, as the names of replicas do. Such an instance could be taken for one of ours, so it can't be a source."
  }

  validation {
    condition = alltrue([
      for source in values(var.sources) : source.postgres_version >= 13 && source.postgres_version <= 30 && floor(source.postgres_version) == source.postgres_version
    ])
    error_message = "postgres_version is the major version of the source, such as 17; not 17.2."
  }

  validation {
    condition = alltrue([
      for source in values(var.sources) : source.resource_id == null || can(regex("^db-[A-Z0-9]+$", source.resource_id))
    ])
    error_message = "A resource_id looks like db-ABCDEFGHIJKLMNOPQRSTUVWXYZ: `aws rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,DbiResourceId]'` prints them."
  }

  validation {
    condition = alltrue([
      for source in values(var.sources) : source.at == null || can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", source.at))
    ])
    error_message = "at is a time of day with two digits each, such as 03:00 or 23:30."
  }

  validation {
    condition = alltrue([
      for source in values(var.sources) : source.watched_since == null || can(formatdate("YYYY", source.watched_since))
    ])
    error_message = "watched_since is an instant such as 2026-11-21T00:00:00Z."
  }
}

variable "at" {
  description = "Time of day of the drills in `time_zone`, after RDS's backup window. A source may have its own."
  type        = string
  default     = "03:00"
  nullable    = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.at))
    error_message = "at is a time of day with two digits each, such as 03:00 or 23:30."
  }
}

variable "time_zone" {
  description = "The zone that `at` is meant in, such as `Europe/Berlin`. A time that the zone leaves out on the night its clocks go forward is refused."
  type        = string
  default     = "UTC"
  nullable    = false

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+)$", var.time_zone))
    error_message = "time_zone is UTC or a name of the IANA database such as Europe/Berlin; abbreviations such as CET and offsets such as +01:00 aren't taken, since they don't say when clocks change."
  }
}

variable "enabled" {
  description = "Whether the schedules of the drills run. The watchdog and its alarms don't ask: after 26 hours they ring."
  type        = bool
  default     = true
  nullable    = false
}

variable "sweep_schedule" {
  description = "How often the sweep looks for what broken drills left. It also runs after each execution that fails, times out or is aborted."
  type        = string
  default     = "rate(1 hour)"
  nullable    = false

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sweep_schedule))
    error_message = "sweep_schedule is an expression of EventBridge Scheduler, such as rate(1 hour)."
  }
}

variable "notify_emails" {
  description = "Addresses that are told of every drill and every alarm. AWS sends each a link first; until it is followed nothing arrives."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notify_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "An address in notify_emails isn't one: it needs a name, an @ and a domain."
  }
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary that every role gets; none when absent."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "tags" {
  description = "Tags of all that the module makes. Replicas have none of them, only those of restore-drill."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, _ in var.tags : !startswith(key, "restore-drill:") && !startswith(lower(key), "aws:")])
    error_message = "Tags that begin with restore-drill: say who may be deleted and are written by the drill alone; those that begin with aws: belong to AWS. Choose another key."
  }
}
