# What starts by itself: each source's drill, the sweep, and the watchdog.

locals {
  # Scheduler fills in what stands between < and >, which jsonencode would write as \u003c and \u003e.
  scheduled_time = "<aws.scheduler.scheduled-time>"

  requests = {
    for id, _ in var.sources : id => "{\"source\":\"${id}\",\"scheduled_at\":\"${local.scheduled_time}\",\"trigger\":\"schedule\"}"
  }

  watched = {
    sources = [
      for id, source in var.sources : source.watched_since == null ? { source = id } : { source = id, since = source.watched_since }
    ]
  }
}

resource "aws_scheduler_schedule_group" "deployment" {
  name = local.prefix
  tags = var.tags
}

# Events that could not be delivered, for two weeks. The alarm on it rings.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${local.prefix}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

# Scheduler puts events there with the schedule's role; EventBridge by itself.
resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "SchedulesPutEvents"
        Effect    = "Allow"
        Principal = { AWS = [for role in ["start-drill", "start-sweep", "start-watch"] : aws_iam_role.role[role].arn] }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
      },
      {
        Sid       = "TheRulePutsEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.drill_failed.arn } }
      },
      {
        Sid       = "NotWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_scheduler_schedule" "night" {
  #checkov:skip=CKV_AWS_297:the input is the sources' names; Scheduler encrypts by itself
  for_each = local.nights

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.deployment.name
  description                  = "restore-drill ${var.deployment}: the drill of ${each.key}"
  state                        = var.enabled && var.sources[each.key].enabled ? "ENABLED" : "DISABLED"
  schedule_expression          = "cron(${tonumber(split(":", each.value.at)[1])} ${tonumber(split(":", each.value.at)[0])} * * ? *)"
  schedule_expression_timezone = each.value.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    # Not a version: a drill begins with what is deployed, and keeps the versions that stand in the definition.
    arn      = aws_sfn_state_machine.drill.arn
    role_arn = aws_iam_role.role["start-drill"].arn
    input    = local.requests[each.key]

    # A repeated event meets the claim of the first and does nothing.
    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }

  lifecycle {
    precondition {
      condition = !contains(lookup(local.hours_left_out, each.value.time_zone, []), tonumber(split(":", each.value.at)[0]))
      error_message = join("", [
        "${each.key} at ${each.value.at} in ${each.value.time_zone}: on the night its clocks go forward that hour doesn't exist there, ",
        "and EventBridge Scheduler leaves the drill out. Choose another hour, such as one later, or time_zone = \"UTC\".",
      ])
    }

    precondition {
      condition     = can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+)$", each.value.time_zone))
      error_message = "The time_zone of ${each.key} is UTC or a name of the IANA database such as Europe/Berlin."
    }
  }

  depends_on = [aws_iam_role_policy.own, aws_sqs_queue_policy.undelivered, aws_s3_object.configuration]
}

resource "aws_scheduler_schedule" "sweep" {
  #checkov:skip=CKV_AWS_297:the input is the sources' names; Scheduler encrypts by itself
  name                = "${local.prefix}-sweep-orphans"
  group_name          = aws_scheduler_schedule_group.deployment.name
  description         = "restore-drill ${var.deployment}: the sweep"
  schedule_expression = var.sweep_schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.step["sweep-orphans"].arn
    role_arn = aws_iam_role.role["start-sweep"].arn
    input    = "{}"

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }

  depends_on = [aws_iam_role_policy.own, aws_sqs_queue_policy.undelivered]
}

resource "aws_scheduler_schedule" "watch" {
  #checkov:skip=CKV_AWS_297:the input is the sources' names; Scheduler encrypts by itself
  name                = "${local.prefix}-watch-restores"
  group_name          = aws_scheduler_schedule_group.deployment.name
  description         = "restore-drill ${var.deployment}: the watchdog"
  schedule_expression = local.watch.schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.step["watch-restores"].arn
    role_arn = aws_iam_role.role["start-watch"].arn
    input    = jsonencode(local.watched)

    # The next look comes sooner than a later try would.
    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }

  depends_on = [aws_iam_role_policy.own, aws_sqs_queue_policy.undelivered]
}

# A time-out of the whole execution can't be caught inside it: the sweep comes at once.
resource "aws_cloudwatch_event_rule" "drill_failed" {
  name        = "${local.prefix}-drill-failed"
  description = "restore-drill ${var.deployment}: an execution ended badly, the sweep looks at once"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [local.state_machine_arn]
      status          = ["FAILED", "TIMED_OUT", "ABORTED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "sweep_after_failure" {
  rule  = aws_cloudwatch_event_rule.drill_failed.name
  arn   = aws_lambda_function.step["sweep-orphans"].arn
  input = "{}"

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  depends_on = [aws_lambda_permission.sweep_after_failure, aws_sqs_queue_policy.undelivered]
}
