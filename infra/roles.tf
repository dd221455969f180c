# The roles, from the documents in iam/, which `make iam` evaluates as they lie there.

locals {
  # What assumes a role that isn't a function's.
  other_roles = {
    state-machine = "states"
    start-drill   = "scheduler"
    start-sweep   = "scheduler"
    start-watch   = "scheduler"
  }
  roles = merge({ for step, _ in local.steps : step => "lambda" }, local.other_roles)

  # A list stands inside the document's own brackets and quotes.
  joint = "\", \""
  policy_values = {
    partition         = local.partition
    region            = local.region
    account           = local.account
    deployment        = var.deployment
    bucket            = local.bucket
    topic_arn         = local.topic_arn
    state_machine_arn = local.state_machine_arn
    sweep_arn         = local.functions["sweep-orphans"].arn
    watch_arn         = local.functions["watch-restores"].arn
    # Every version of the definition's functions: a drill that runs during an apply calls those that it began with.
    function_arns = join(local.joint, [for step in local.in_the_machine : "${local.functions[step].arn}:*"])
    source_arns   = join(local.joint, [for id, _ in var.sources : "arn:${local.partition}:rds:${local.region}:${local.account}:db:${id}"])
    source_user_arns = join(local.joint, [
      for id in values(local.resource_ids) : "arn:${local.partition}:rds-db:${local.region}:${local.account}:dbuser:${id}/*"
    ])
    subnet_group  = local.subnet_group
    database_user = var.database_user
    key_arns      = join(local.joint, var.source_kms_key_arns)
  }
}

resource "aws_iam_role" "role" {
  for_each = local.roles

  name                 = "${local.prefix}-${each.key}"
  description          = "restore-drill ${var.deployment}: ${each.key}"
  assume_role_policy   = templatefile("${path.module}/iam/trust/${each.value}.json", local.policy_values)
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "own" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.role[each.key].id
  policy = templatefile("${path.module}/iam/${each.key}.json", local.policy_values)
}

resource "aws_iam_role_policy" "keys" {
  count = length(var.source_kms_key_arns) > 0 ? 1 : 0

  name   = "restore-replica-keys"
  role   = aws_iam_role.role["restore-replica"].id
  policy = templatefile("${path.module}/iam/restore-replica-keys.json", local.policy_values)
}

# Only denies: what a drill must never do, whatever else somebody attaches to its roles.
resource "aws_iam_policy" "guard_rail" {
  name        = "${local.prefix}-guard-rail"
  description = "restore-drill ${var.deployment}: denies, to every role of the drill"
  policy      = templatefile("${path.module}/iam/guard-rail.json", local.policy_values)
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "guard_rail" {
  for_each = local.roles

  role       = aws_iam_role.role[each.key].name
  policy_arn = aws_iam_policy.guard_rail.arn
}

# Log delivery is set up with the role of the state machine, and knows no resources (Step Functions developer
# guide, "Logging using CloudWatch Logs").
resource "aws_iam_role_policy" "state_machine_logs" {
  name   = "state-machine-logs"
  role   = aws_iam_role.role["state-machine"].id
  policy = file("${path.module}/iam/state-machine-logs.json")
}
