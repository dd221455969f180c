# What replicas are restored into. Replicas themselves are never in a Terraform state.

resource "aws_db_subnet_group" "replicas" {
  name        = local.subnet_group
  description = "restore-drill ${var.deployment}: replicas"
  subnet_ids  = var.replica_subnet_ids
  tags        = var.tags
}

# A replica must not go on with what production was doing: no subscription pulls, no scheduled job runs.
resource "aws_db_parameter_group" "replicas" {
  for_each = toset([for source in values(var.sources) : tostring(source.postgres_version) if source.parameter_group == null])

  name        = "${local.prefix}-postgres${each.key}"
  family      = "postgres${each.key}"
  description = "restore-drill ${var.deployment}: jobs and logical replication off"
  tags        = var.tags

  dynamic "parameter" {
    for_each = {
      "rds.logical_replication"         = "0"
      "max_logical_replication_workers" = "0"
      # Without pg_cron and pg_partman_bgw in it, their background workers don't start.
      "shared_preload_libraries" = "pg_stat_statements"
      "rds.force_ssl"            = "1"
    }

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }
}
