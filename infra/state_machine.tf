# The state machine: the definition as it lies in the repository, with the functions' ARNs in it.

locals {
  # Versions, so that an apply changes nothing under a drill that runs.
  definition = templatefile("${path.module}/../statemachine/drill.asl.json", {
    for step in local.in_the_machine : replace(step, "-", "_") => aws_lambda_function.step[step].qualified_arn
  })
}

# Of that name, so that CloudWatch's own policy for log delivery needs no new entry for each group.
resource "aws_cloudwatch_log_group" "state_machine" {
  #checkov:skip=CKV_AWS_158:names of states and errors only, see include_execution_data; CloudWatch encrypts by itself
  #checkov:skip=CKV_AWS_338:the record of a drill is its evidence, kept 400 days; logs are for looking why, and the days are an input
  name              = "/aws/vendedlogs/states/${local.prefix}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_sfn_state_machine" "drill" {
  #checkov:skip=CKV_AWS_284:X-Ray would be one more right of its role; the evidence has the timeline of each drill
  #checkov:skip=CKV_AWS_285:it is logged, without inputs and outputs: those hold values of the database, such as what an own query gave
  name       = local.prefix
  role_arn   = aws_iam_role.role["state-machine"].arn
  type       = "STANDARD"
  definition = local.definition
  publish    = true

  logging_configuration {
    level = "ALL"
    # Inputs and outputs hold values of the database, such as what an own query gave.
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.state_machine.arn}:*"
  }

  # How the command line finds the evidence when it is only told the deployment.
  tags = merge(var.tags, { "restore-drill:bucket" = local.bucket })

  depends_on = [aws_iam_role_policy.own, aws_iam_role_policy.state_machine_logs]
}
