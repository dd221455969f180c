# Each source's configuration, where the functions look for it.

locals {
  parameter_groups = {
    for id, source in var.sources : id => source.parameter_group != null ? source.parameter_group : aws_db_parameter_group.replicas[tostring(source.postgres_version)].name
  }

  configurations = {
    for id, source in var.sources : id => templatefile(source.checks_file, {
      security_group  = aws_security_group.replica.id
      subnet_group    = aws_db_subnet_group.replicas.name
      parameter_group = local.parameter_groups[id]
    })
  }
}

resource "aws_s3_object" "configuration" {
  for_each = var.sources

  bucket       = aws_s3_bucket.evidence.id
  key          = "config/${each.key}.toml"
  content      = local.configurations[each.key]
  content_type = "application/toml"

  lifecycle {
    # Read from the file as it lies there: what is filled in may not be known before the first apply.
    precondition {
      condition     = can(regex("(?m)^source\\s*=\\s*\"${each.key}\"\\s*(#.*)?$", file(each.value.checks_file)))
      error_message = "${each.value.checks_file} isn't the configuration of ${each.key}: it needs the line source = \"${each.key}\"."
    }
  }

  depends_on = [aws_s3_bucket_versioning.evidence, aws_s3_bucket_public_access_block.evidence]
}
