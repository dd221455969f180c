# A page of trends: two rows of graphs for each source, and one for the deployment.

locals {
  charts = [
    { title = "hours since verified", metrics = ["HoursSinceLastVerifiedRestore"], statistic = "Maximum" },
    { title = "rows counted", metrics = ["RowsCounted"], statistic = "Maximum" },
    { title = "time to restore, seconds", metrics = ["RecoveryTime"], statistic = "Maximum" },
    { title = "age of the data, seconds", metrics = ["BackupDataAge"], statistic = "Maximum" },
    { title = "verdicts", metrics = ["Verified", "Rejected", "Broken"], statistic = "Sum" },
    { title = "replicas", metrics = ["ReplicasInExistence", "ReplicasRunning"], statistic = "Maximum" },
    # From list prices, and only where the region and the class have one: functions/drill/src/cost/prices.toml.
    { title = "a night's cost, US dollars, estimated", metrics = ["EstimatedCost"], statistic = "Maximum" },
  ]
  charts_per_row = 4
  source_height  = 5 * ceil(length(local.charts) / local.charts_per_row)

  source_widgets = flatten([
    for row, id in keys(var.sources) : [
      for column, chart in local.charts : {
        type   = "metric"
        x      = column % local.charts_per_row * 6
        y      = row * local.source_height + floor(column / local.charts_per_row) * 5
        width  = 6
        height = 5
        properties = {
          title   = "${id}: ${chart.title}"
          region  = local.region
          view    = "timeSeries"
          period  = 3600
          stat    = chart.statistic
          metrics = [for metric in chart.metrics : [local.watch.namespace, metric, "Deployment", var.deployment, "Source", id]]
        }
      }
    ]
  ])

  # What a night costs AWS's meters: transitions, and time in functions.
  deployment_widgets = [
    {
      type   = "metric"
      x      = 0
      y      = length(var.sources) * local.source_height
      width  = 12
      height = 5
      properties = {
        title   = "executions"
        region  = local.region
        view    = "timeSeries"
        period  = 3600
        stat    = "Sum"
        metrics = [for metric in concat(["ExecutionsSucceeded"], values(local.ends_badly)) : ["AWS/States", metric, "StateMachineArn", local.state_machine_arn]]
      }
    },
    {
      type   = "metric"
      x      = 12
      y      = length(var.sources) * local.source_height
      width  = 12
      height = 5
      properties = {
        title   = "time in functions, milliseconds"
        region  = local.region
        view    = "timeSeries"
        period  = 86400
        stat    = "Sum"
        metrics = [for step, function in local.functions : ["AWS/Lambda", "Duration", "FunctionName", function.name]]
      }
    },
  ]
}

resource "aws_cloudwatch_dashboard" "deployment" {
  dashboard_name = local.prefix
  dashboard_body = jsonencode({ widgets = concat(local.source_widgets, local.deployment_widgets) })
}
