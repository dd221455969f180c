# The evidence bucket. Nothing of it is destroyed with the rest: see "How to leave" in README.md.

resource "aws_s3_bucket" "evidence" {
  #checkov:skip=CKV_AWS_18:a bucket for logs is the account's own, as are CloudTrail's events of objects; the roles' rights say who reads
  #checkov:skip=CKV_AWS_144:another Region is a decision with a cost; the bucket is versioned, so that a replication can be put on it
  #checkov:skip=CKV2_AWS_62:the topic tells of each drill; nothing else waits for an object
  bucket              = local.bucket
  object_lock_enabled = var.object_lock != null
  force_destroy       = false
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

# What follows is kept from being destroyed too: a bucket that stays must stay private and versioned.

resource "aws_s3_bucket_versioning" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  versioning_configuration {
    status = "Enabled"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    bucket_key_enabled = var.evidence_kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.evidence_kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.evidence_kms_key_arn
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_policy" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "NotWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:${local.partition}:s3:::${local.bucket}", "arn:${local.partition}:s3:::${local.bucket}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "NotWithOldTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:${local.partition}:s3:::${local.bucket}", "arn:${local.partition}:s3:::${local.bucket}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
    ]
  })

  # A policy that is put while the block is being made is refused now and then.
  depends_on = [aws_s3_bucket_public_access_block.evidence]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_object_lock_configuration" "evidence" {
  count = var.object_lock == null ? 0 : 1

  bucket = aws_s3_bucket.evidence.id

  rule {
    default_retention {
      mode = var.object_lock.mode
      days = var.object_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.evidence]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    id     = "uploads"
    status = "Enabled"

    # Wherever in the bucket one was left.
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "records"
    status = "Enabled"

    filter {
      prefix = "drills/"
    }

    expiration {
      days = var.evidence_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }

  # A configuration that is in force never expires; those before it do.
  rule {
    id     = "configurations"
    status = "Enabled"

    filter {
      prefix = "config/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.evidence_retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.evidence]

  lifecycle {
    prevent_destroy = true
  }
}
