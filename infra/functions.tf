# The functions: one a step, three artifacts. Names, limits and environment agree with local/onemachine/deployment.py.

locals {
  # What a step differs in from the rest: 120 s and 256 MiB, outside the VPC.
  steps = {
    plan-drill          = { artifact = "plan" }
    restore-replica     = {}
    observe-replica     = {}
    plan-checks         = { artifact = "verify", timeout_s = 300, memory_mib = 512 }
    run-check           = { artifact = "verify", timeout_s = 900, memory_mib = 1024 }
    record-measurements = {}
    judge-drill         = { timeout_s = 300 }
    stop-replica        = {}
    retire-previous     = {}
    publish-report      = {}
    abandon-drill       = {}
    sweep-orphans       = {}
    watch-restores      = { timeout_s = 300 }
  }

  # Run by schedules of their own; no state calls them.
  outside_the_machine = toset(["sweep-orphans", "watch-restores"])
  in_the_machine      = toset([for step, _ in local.steps : step if !contains(local.outside_the_machine, step)])

  functions = {
    for step, settings in local.steps : step => {
      name       = "${local.prefix}-${step}"
      arn        = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.prefix}-${step}"
      artifact   = lookup(settings, "artifact", "control")
      timeout_s  = tonumber(lookup(settings, "timeout_s", 120))
      memory_mib = tonumber(lookup(settings, "memory_mib", 256))
    }
  }

  environments = {
    # All that it knows of AWS is its region, for signing: it has no route there.
    verify  = { RESTORE_DRILL_CA_BUNDLE = var.ca_bundle }
    plan    = local.outside_the_vpc
    control = local.outside_the_vpc
  }

  outside_the_vpc = merge(var.control_environment, {
    RESTORE_DRILL_DEPLOYMENT = var.deployment
    RESTORE_DRILL_BUCKET     = local.bucket
    RESTORE_DRILL_TOPIC_ARN  = local.topic_arn
  })
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:no value of the database and no secret is logged; CloudWatch encrypts by itself
  #checkov:skip=CKV_AWS_338:the record of a drill is its evidence, kept 400 days; logs are for looking why, and the days are an input
  for_each = local.functions

  name              = "/aws/lambda/${each.value.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_function" "step" {
  #checkov:skip=CKV_AWS_50:X-Ray would be one more right of every role; the evidence has the timeline of each drill
  #checkov:skip=CKV_AWS_115:reserved concurrency is taken from the account's, which is small in a new one; one drill a source runs at a time
  #checkov:skip=CKV_AWS_116:the state machine waits for answers, and catches; of the two others the errors ring, and the next run is due within the hour
  #checkov:skip=CKV_AWS_173:names and ARNs only, no secret; Lambda encrypts by itself
  #checkov:skip=CKV_AWS_272:signing wants a profile of the account's; the zips are compared with SHA256SUMS of the release instead
  for_each = local.functions

  function_name = each.value.name
  description   = "restore-drill ${var.deployment}: ${each.key}"
  role          = aws_iam_role.role[each.key].arn
  runtime       = "provided.al2023"
  # The binary asks which step it is.
  handler       = each.key
  architectures = [var.architecture]
  timeout       = each.value.timeout_s
  memory_size   = each.value.memory_mib
  # A version of each: a drill that runs keeps the code that it began with.
  publish = true

  filename         = var.artifacts.folder == null ? null : "${var.artifacts.folder}/${each.value.artifact}.zip"
  source_code_hash = var.artifacts.folder == null ? null : filebase64sha256("${var.artifacts.folder}/${each.value.artifact}.zip")
  s3_bucket        = var.artifacts.bucket
  s3_key           = var.artifacts.bucket == null ? null : "${var.artifacts.prefix}${each.value.artifact}.zip"

  environment {
    variables = local.environments[each.value.artifact]
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  dynamic "vpc_config" {
    for_each = each.value.artifact == "verify" ? [1] : []

    content {
      subnet_ids         = local.verifier_subnet_ids
      security_group_ids = [aws_security_group.verifier.id]
    }
  }

  tags = var.tags

  # Lambda makes and removes network interfaces with the role's rights: they must be there before and after.
  # And nothing runs that the guard-rail doesn't hold.
  depends_on = [aws_iam_role_policy.own, aws_iam_role_policy_attachment.guard_rail]
}

# EventBridge doesn't assume a role to call a function: the function lets it.
resource "aws_lambda_permission" "sweep_after_failure" {
  statement_id   = "SweepAfterAFailedDrill"
  function_name  = aws_lambda_function.step["sweep-orphans"].function_name
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.drill_failed.arn
  source_account = local.account
}
