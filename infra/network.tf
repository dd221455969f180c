# Two security groups that know each other and nobody else. Groups have ids of AWS's own making: by their Name the
# deployer's rights (iam/deployer-data.json) tell ours from the VPC's others.

locals {
  verifier_subnet_ids = coalesce(var.verifier_subnet_ids, var.replica_subnet_ids)
}

# A copy of production must not send mail or call partners: without a rule for the way out there is none.
resource "aws_security_group" "replica" {
  #checkov:skip=CKV2_AWS_5:replicas are attached to it, and those are never in a state of Terraform
  name        = "${local.prefix}-replica"
  description = "Replicas: in from the verifier, no way out"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${local.prefix}-replica" })
}

resource "aws_security_group" "verifier" {
  name        = "${local.prefix}-verifier"
  description = "The functions that read replicas: out to their port, no way in"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${local.prefix}-verifier" })
}

resource "aws_vpc_security_group_ingress_rule" "replica_from_verifier" {
  security_group_id            = aws_security_group.replica.id
  referenced_security_group_id = aws_security_group.verifier.id
  description                  = "PostgreSQL, from the verifier"
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  tags                         = merge(var.tags, { Name = "${local.prefix}-from-verifier" })
}

# Names are resolved by the VPC's resolver, which security groups don't filter.
resource "aws_vpc_security_group_egress_rule" "verifier_to_replica" {
  security_group_id            = aws_security_group.verifier.id
  referenced_security_group_id = aws_security_group.replica.id
  description                  = "PostgreSQL, to replicas"
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  tags                         = merge(var.tags, { Name = "${local.prefix}-to-replica" })
}
