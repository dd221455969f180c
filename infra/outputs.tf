output "deployment" {
  description = "The name that the command line takes: `restore-drill --deployment`."
  value       = var.deployment
}

output "state_machine_arn" {
  description = "The state machine; its newest revision is what schedules start."
  value       = aws_sfn_state_machine.drill.arn
}

output "state_machine_version_arn" {
  description = "The published version of what was applied last."
  value       = aws_sfn_state_machine.drill.state_machine_version_arn
}

output "function_arns" {
  description = "The functions' published versions, by step."
  value       = { for step, function in aws_lambda_function.step : step => function.qualified_arn }
}

output "role_arns" {
  description = "The roles, by what they are for."
  value       = { for name, role in aws_iam_role.role : name => role.arn }
}

output "evidence_bucket" {
  description = "The bucket with configurations and records."
  value       = aws_s3_bucket.evidence.bucket
}

output "topic_arn" {
  description = "The topic that tells of drills and alarms; subscribe whatever else should hear."
  value       = aws_sns_topic.people.arn
}

output "undelivered_queue_url" {
  description = "Events that could not be delivered."
  value       = aws_sqs_queue.undelivered.url
}

output "replica_security_group_id" {
  description = "The replicas' isolated security group."
  value       = aws_security_group.replica.id
}

output "verifier_security_group_id" {
  description = "The verifier's security group."
  value       = aws_security_group.verifier.id
}

output "subnet_group" {
  description = "The replicas' subnet group."
  value       = aws_db_subnet_group.replicas.name
}

output "parameter_groups" {
  description = "The replicas' parameter group, by source."
  value       = local.parameter_groups
}

output "configurations" {
  description = "Each source's configuration as it was stored, to be tried with `restore-drill checks validate`."
  value       = local.configurations
}

output "dashboard" {
  description = "The dashboard's name in CloudWatch."
  value       = aws_cloudwatch_dashboard.deployment.dashboard_name
}
