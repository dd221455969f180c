# What must hold whatever somebody deploys: assertions on the plan. Terraform 1.11 or newer (override_during).

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
  deployment           = "main"
  vpc_id               = "vpc-0a1b2c3d"
  replica_subnet_ids   = ["subnet-0a1b2c3d", "subnet-0d3c2b1a"]
  artifacts            = { bucket = "artifacts", prefix = "0.1.0/" }
  permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  sources = {
    courses-prod = { checks_file = "tests/checks/courses-prod.toml", postgres_version = 17, resource_id = "db-COURSES" }
    billing-prod = { checks_file = "tests/checks/billing-prod.toml", postgres_version = 16 }
  }
}

run "every_role_is_under_the_boundary_and_the_guard_rail" {
  command = plan

  assert {
    condition     = alltrue([for role in aws_iam_role.role : role.permissions_boundary == var.permissions_boundary])
    error_message = "a role has no boundary"
  }
  assert {
    condition     = keys(aws_iam_role.role) == keys(aws_iam_role_policy_attachment.guard_rail) && length(aws_iam_role.role) == 17
    error_message = "a role has no guard-rail"
  }
  assert {
    condition     = keys(aws_iam_role.role) == keys(aws_iam_role_policy.own)
    error_message = "a role has no document of its own"
  }
}

run "the_guard_rail_names_every_source_and_every_resource_id" {
  command = plan

  assert {
    condition = toset(one([
      for statement in jsondecode(aws_iam_policy.guard_rail.policy).Statement : statement.Resource if statement.Sid == "NeverASource"
      ])) == toset([
      "arn:aws:rds:eu-central-1:123456789012:db:courses-prod",
      "arn:aws:rds:eu-central-1:123456789012:db:billing-prod",
    ])
    error_message = "a source isn't denied"
  }
  assert {
    condition = toset(one([
      for statement in jsondecode(aws_iam_policy.guard_rail.policy).Statement : statement.Resource if statement.Sid == "NeverInASourcesDatabase"
      ])) == toset([
      "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-COURSES/*",
      "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-LOOKEDUP/*",
    ])
    error_message = "a source's database isn't denied"
  }
}

run "the_state_machine_may_call_its_functions_and_no_other" {
  command = plan

  assert {
    condition = toset(one([
      for statement in jsondecode(aws_iam_role_policy.own["state-machine"].policy).Statement : statement.Resource if statement.Sid == "CallItsSteps"
    ])) == toset([for step in local.in_the_machine : "arn:aws:lambda:eu-central-1:123456789012:function:restore-drill-main-${step}:*"])
    error_message = "the state machine may call something else"
  }
  assert {
    condition     = length(local.in_the_machine) == 11 && !contains(local.in_the_machine, "sweep-orphans")
    error_message = "the functions in the machine aren't those eleven"
  }
  # By the file alone nobody sees what was filled in: each call is of a version.
  assert {
    condition     = length(regexall("\"FunctionName\": \"arn:aws:lambda:[^\"]+:7\"", aws_sfn_state_machine.drill.definition)) == 11
    error_message = "a step is called without its version"
  }
  assert {
    condition     = aws_sfn_state_machine.drill.publish && alltrue([for function in aws_lambda_function.step : function.publish])
    error_message = "something isn't published as a version"
  }
}

run "the_verifier_reaches_replicas_and_nothing_else" {
  command = plan

  assert {
    condition     = toset([for step, function in aws_lambda_function.step : step if length(function.vpc_config) > 0]) == toset(["plan-checks", "run-check"])
    error_message = "other functions than those two are in the VPC"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.verifier_to_replica.referenced_security_group_id == aws_security_group.replica.id && aws_vpc_security_group_egress_rule.verifier_to_replica.security_group_id == aws_security_group.verifier.id
    error_message = "the verifier gets out elsewhere"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.verifier_to_replica.from_port == 5432 && aws_vpc_security_group_egress_rule.verifier_to_replica.to_port == 5432 && aws_vpc_security_group_egress_rule.verifier_to_replica.cidr_ipv4 == null
    error_message = "the verifier gets out by another port"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.replica_from_verifier.referenced_security_group_id == aws_security_group.verifier.id && aws_vpc_security_group_ingress_rule.replica_from_verifier.cidr_ipv4 == null
    error_message = "somebody else gets at a replica"
  }
  assert {
    condition     = keys(aws_lambda_function.step["run-check"].environment[0].variables) == tolist(["RESTORE_DRILL_CA_BUNDLE"])
    error_message = "the verifier is told of AWS"
  }
}

run "a_replica_runs_no_jobs_and_pulls_from_nobody" {
  command = plan

  assert {
    condition     = toset(keys(aws_db_parameter_group.replicas)) == toset(["16", "17"]) && aws_db_parameter_group.replicas["17"].family == "postgres17"
    error_message = "a major version has no parameter group"
  }
  assert {
    condition = alltrue([
      for group in aws_db_parameter_group.replicas : {
        for parameter in group.parameter : parameter.name => parameter.value
        } == {
        "rds.logical_replication"         = "0"
        "max_logical_replication_workers" = "0"
        "shared_preload_libraries"        = "pg_stat_statements"
        "rds.force_ssl"                   = "1"
      }
    ])
    error_message = "jobs or logical replication may run in a replica"
  }
}

run "the_evidence_is_private_versioned_encrypted_and_kept" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.evidence.block_public_acls,
      aws_s3_bucket_public_access_block.evidence.block_public_policy,
      aws_s3_bucket_public_access_block.evidence.ignore_public_acls,
      aws_s3_bucket_public_access_block.evidence.restrict_public_buckets,
    ])
    error_message = "the bucket may become public"
  }
  assert {
    condition     = aws_s3_bucket_versioning.evidence.versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.evidence.force_destroy
    error_message = "records may be lost"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.evidence.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "the bucket isn't encrypted"
  }
  assert {
    condition = contains([
      for statement in jsondecode(aws_s3_bucket_policy.evidence.policy).Statement : jsonencode(statement.Condition) if statement.Effect == "Deny" && statement.Principal == "*"
    ], jsonencode({ Bool = { "aws:SecureTransport" = "false" } }))
    error_message = "the bucket answers without TLS"
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.evidence.policy).Statement : statement.Effect == "Deny"])
    error_message = "the bucket's policy lets somebody in"
  }
  assert {
    condition     = toset([for rule in aws_s3_bucket_lifecycle_configuration.evidence.rule : rule.id if length(rule.expiration) > 0]) == toset(["records"])
    error_message = "a configuration expires"
  }
  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.evidence) == 0 && !aws_s3_bucket.evidence.object_lock_enabled
    error_message = "Object Lock is on without being asked for"
  }
}

run "object_lock_is_governance_unless_said_otherwise" {
  command = plan

  variables {
    object_lock = { days = 30 }
  }

  assert {
    condition     = aws_s3_bucket.evidence.object_lock_enabled && one(one(aws_s3_bucket_object_lock_configuration.evidence[0].rule).default_retention).mode == "GOVERNANCE"
    error_message = "Object Lock isn't as it was asked for"
  }
}

run "only_services_of_this_account_may_tell_or_put_events" {
  command = plan

  assert {
    condition = alltrue([
      for statement in concat(jsondecode(aws_sns_topic_policy.people.policy).Statement, jsondecode(aws_sqs_queue_policy.undelivered.policy).Statement) :
      statement.Effect == "Deny" || (statement.Principal != "*" && (can(statement.Condition) || can(statement.Principal.AWS)))
    ])
    error_message = "topic or queue let in anybody"
  }
}

run "logs_are_kept_for_a_while_and_hold_no_data" {
  command = plan

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days == 90]) && aws_cloudwatch_log_group.state_machine.retention_in_days == 90
    error_message = "a log is kept for ever"
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.step : function.logging_config[0].log_format == "JSON" && function.logging_config[0].application_log_level == "INFO"])
    error_message = "a function's log isn't JSON"
  }
  assert {
    condition     = aws_sfn_state_machine.drill.logging_configuration[0].include_execution_data == false
    error_message = "values of the database are logged"
  }
}

run "keys_of_ones_own_are_the_restorer_s_alone" {
  command = plan

  variables {
    source_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/one", "arn:aws:kms:eu-central-1:123456789012:key/two"]
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.keys[0].policy).Statement : toset(statement.Resource) == toset(var.source_kms_key_arns)
    ])
    error_message = "the keys aren't those that were named"
  }
}
