# What starts by itself, and what rings.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

override_resource {
  target          = aws_security_group.replica
  override_during = plan
  values          = { id = "sg-0a" }
}

override_resource {
  target          = aws_security_group.verifier
  override_during = plan
  values          = { id = "sg-0b" }
}

variables {
  vpc_id             = "vpc-0a1b2c3d"
  replica_subnet_ids = ["subnet-0a1b2c3d", "subnet-0d3c2b1a"]
  artifacts          = { bucket = "artifacts", prefix = "0.1.0/" }
  time_zone          = "Europe/Berlin"
  notify_emails      = ["night@example.com"]
  sources = {
    courses-prod = { checks_file = "tests/checks/courses-prod.toml", postgres_version = 17, resource_id = "db-COURSES" }
    billing-prod = { checks_file = "tests/checks/billing-prod.toml", postgres_version = 17, resource_id = "db-BILLING", at = "04:30", time_zone = "Europe/Helsinki" }
  }
}

run "each_source_has_its_night_in_its_zone" {
  command = plan

  assert {
    condition     = aws_scheduler_schedule.night["courses-prod"].schedule_expression == "cron(0 3 * * ? *)" && aws_scheduler_schedule.night["courses-prod"].schedule_expression_timezone == "Europe/Berlin"
    error_message = "3 AM isn't 3 AM"
  }
  assert {
    condition     = aws_scheduler_schedule.night["billing-prod"].schedule_expression == "cron(30 4 * * ? *)" && aws_scheduler_schedule.night["billing-prod"].schedule_expression_timezone == "Europe/Helsinki"
    error_message = "a source's own time is lost"
  }
  assert {
    condition     = aws_scheduler_schedule.night["courses-prod"].target[0].input == "{\"source\":\"courses-prod\",\"scheduled_at\":\"<aws.scheduler.scheduled-time>\",\"trigger\":\"schedule\"}"
    error_message = "Scheduler has nothing to fill in"
  }
  assert {
    condition = alltrue([
      for schedule in concat(values(aws_scheduler_schedule.night), [aws_scheduler_schedule.sweep, aws_scheduler_schedule.watch]) :
      schedule.target[0].dead_letter_config[0].arn == aws_sqs_queue.undelivered.arn && schedule.target[0].retry_policy[0].maximum_retry_attempts >= 2
    ])
    error_message = "an event may be lost without a word"
  }
  assert {
    condition     = toset([for watched in jsondecode(aws_scheduler_schedule.watch.target[0].input).sources : watched.source]) == toset(["courses-prod", "billing-prod"])
    error_message = "a source isn't watched"
  }
}

run "each_source_has_its_own_checks" {
  command = plan

  assert {
    condition     = toset([for object in aws_s3_object.configuration : object.key]) == toset(["config/courses-prod.toml", "config/billing-prod.toml"])
    error_message = "a configuration isn't where functions look"
  }
  assert {
    condition     = strcontains(aws_s3_object.configuration["courses-prod"].content, "\"${aws_security_group.replica.id}\"") && !strcontains(aws_s3_object.configuration["courses-prod"].content, "$${")
    error_message = "the network isn't filled in"
  }
}

run "a_schedule_that_is_off_leaves_the_watchdog_on" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.night : schedule.state == "DISABLED"]) && aws_scheduler_schedule.watch.state != "DISABLED"
    error_message = "silence would be silent"
  }
}

run "silence_rings" {
  command = plan

  assert {
    condition = alltrue([
      for source in ["courses-prod", "billing-prod"] :
      aws_cloudwatch_metric_alarm.source["${source}-hours-since-verified"].threshold == 26
      && aws_cloudwatch_metric_alarm.source["${source}-hours-since-verified"].treat_missing_data == "breaching"
      && aws_cloudwatch_metric_alarm.source["${source}-hours-since-verified"].dimensions == tomap({ Deployment = "main", Source = source })
    ])
    error_message = "26 hours without a verified restore don't ring"
  }
  assert {
    condition = alltrue([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.source), values(aws_cloudwatch_metric_alarm.rejected), values(aws_cloudwatch_metric_alarm.execution),
        values(aws_cloudwatch_metric_alarm.function), [aws_cloudwatch_metric_alarm.undelivered]
      ) : alarm.alarm_actions == toset([aws_sns_topic.people.arn])
    ])
    error_message = "an alarm tells nobody"
  }
  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.execution : alarm.metric_name]) == toset(["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])
    error_message = "an execution ends badly without a word"
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.function) == 2 * length(aws_lambda_function.step) && length(aws_sns_topic_subscription.email) == 1
    error_message = "a function's errors or throttles have no alarm, or nobody hears them"
  }
}
