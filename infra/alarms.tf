# The alarms. Those of each source are alarms.json's, where docs/decisions/0016 says why they are as they are.
# Each description ends with its section in docs/runbook.md, under Alarms.

locals {
  source_alarms = {
    for pair in setproduct(keys(var.sources), local.watch.alarms) : "${pair[0]}-${pair[1].name}" => {
      source = pair[0]
      alarm  = pair[1]
    }
  }

  ends_badly = {
    failed    = "ExecutionsFailed"
    timed-out = "ExecutionsTimedOut"
    aborted   = "ExecutionsAborted"
  }

  # Within a quarter of an hour. The state machine tries its steps again; nobody tries the other two again for long.
  function_troubles = {
    for pair in setproduct(keys(local.functions), ["Errors", "Throttles"]) : "${pair[0]}-${lower(pair[1])}" => {
      step   = pair[0]
      metric = pair[1]
      above  = contains(local.outside_the_machine, pair[0]) ? 0 : 5
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "source" {
  for_each = local.source_alarms

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = replace(each.value.alarm.description, "$${source}", each.value.source)
  namespace           = local.watch.namespace
  metric_name         = each.value.alarm.metric
  dimensions          = { Deployment = var.deployment, Source = each.value.source }
  statistic           = each.value.alarm.statistic
  period              = each.value.alarm.period_s
  evaluation_periods  = each.value.alarm.evaluation_periods
  datapoints_to_alarm = each.value.alarm.evaluation_periods
  threshold           = each.value.alarm.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.people.arn]
  ok_actions          = [aws_sns_topic.people.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "rejected" {
  for_each = var.sources

  alarm_name          = "${local.prefix}-${each.key}-rejected"
  alarm_description   = "A drill of ${each.key} was rejected: the backup isn't what it should be. docs/runbook.md: Rejected."
  namespace           = local.watch.namespace
  metric_name         = "Rejected"
  dimensions          = { Deployment = var.deployment, Source = each.key }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.people.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "execution" {
  for_each = local.ends_badly

  alarm_name          = "${local.prefix}-execution-${each.key}"
  alarm_description   = "A drill's execution ended ${replace(each.key, "-", " ")}. docs/runbook.md: Execution ${replace(each.key, "-", " ")}."
  namespace           = "AWS/States"
  metric_name         = each.value
  dimensions          = { StateMachineArn = aws_sfn_state_machine.drill.arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.people.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "${local.prefix}-undelivered"
  alarm_description   = "A schedule's or a rule's event could not be delivered: a drill, a sweep or a look didn't begin. docs/runbook.md: Undelivered."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.people.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = local.function_troubles

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = "${each.value.metric} of ${each.value.step}: more than ${each.value.above} in a quarter of an hour. Its log is /aws/lambda/${local.functions[each.value.step].name}. docs/runbook.md: ${each.value.metric} of a function."
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = aws_lambda_function.step[each.value.step].function_name }
  statistic           = "Sum"
  period              = 900
  evaluation_periods  = 1
  threshold           = each.value.above
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.people.arn]
  tags                = var.tags
}
