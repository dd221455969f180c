# Names, and what follows from them. ARNs are put together here, so that policies can name what is made later.

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}
data "aws_region" "here" {}

# Only those whose resource id nobody wrote down: reading a source keeps a plan from working once it is gone.
data "aws_db_instance" "source" {
  for_each = { for id, source in var.sources : id => source if source.resource_id == null }

  db_instance_identifier = each.key
}

locals {
  prefix    = "restore-drill-${var.deployment}"
  account   = data.aws_caller_identity.here.account_id
  partition = data.aws_partition.here.partition
  # `id` is the Region's name in the providers 5 and 6 alike.
  region = data.aws_region.here.id

  bucket            = coalesce(var.evidence_bucket, "${local.prefix}-${local.account}-${local.region}")
  subnet_group      = local.prefix
  topic_arn         = "arn:${local.partition}:sns:${local.region}:${local.account}:${local.prefix}"
  state_machine_arn = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.prefix}"

  resource_ids = {
    for id, source in var.sources : id => source.resource_id != null ? source.resource_id : data.aws_db_instance.source[id].resource_id
  }

  nights = {
    for id, source in var.sources : id => {
      at        = coalesce(source.at, var.at)
      time_zone = coalesce(source.time_zone, var.time_zone)
    }
  }

  # The hours that a zone leaves out on the night its clocks go forward; zones that aren't here leave out none.
  hours_left_out = jsondecode(file("${path.module}/zones.json"))

  watch = jsondecode(file("${path.module}/alarms.json"))
}
