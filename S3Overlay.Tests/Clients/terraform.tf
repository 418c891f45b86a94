terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" {}
variable "changed" { default = false }

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "minioadmin"
  secret_key                  = "minioadmin"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
  s3_use_path_style           = true
  endpoints { s3 = var.endpoint }
}

resource "aws_s3_bucket" "b" {
  bucket              = "terraform"
  object_lock_enabled = true
  force_destroy       = true
  tags                = { team = var.changed ? "two" : "one" }
}

resource "aws_s3_bucket_versioning" "b" {
  bucket = aws_s3_bucket.b.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_ownership_controls" "b" {
  bucket = aws_s3_bucket.b.id
  rule { object_ownership = var.changed ? "ObjectWriter" : "BucketOwnerPreferred" }
}

resource "aws_s3_bucket_public_access_block" "b" {
  bucket                  = aws_s3_bucket.b.id
  block_public_acls       = false
  block_public_policy     = false
  ignore_public_acls      = false
  restrict_public_buckets = var.changed
}

resource "aws_s3_bucket_acl" "b" {
  depends_on = [aws_s3_bucket_ownership_controls.b, aws_s3_bucket_public_access_block.b]
  bucket     = aws_s3_bucket.b.id
  acl        = var.changed ? "private" : "public-read"
}

resource "aws_s3_bucket_policy" "b" {
  depends_on = [aws_s3_bucket_public_access_block.b]
  bucket     = aws_s3_bucket.b.id
  policy     = data.aws_iam_policy_document.b.json
}

data "aws_iam_policy_document" "b" {
  statement {
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.b.arn}/${var.changed ? "open" : "public"}/*"]
    condition {
      test     = "IpAddress"
      variable = "aws:SourceIp"
      values   = ["10.0.0.0/8"]
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "b" {
  depends_on = [aws_s3_bucket_versioning.b]
  bucket     = aws_s3_bucket.b.id
  rule {
    id     = "logs"
    status = "Enabled"
    filter {
      and {
        prefix = "logs/"
        tags   = { keep = "no" }
      }
    }
    expiration { days = 30 }
    noncurrent_version_expiration {
      noncurrent_days           = 7
      newer_noncurrent_versions = 2
    }
  }
  rule {
    id     = "uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload { days_after_initiation = 3 }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "b" {
  bucket = aws_s3_bucket.b.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
    bucket_key_enabled = var.changed
  }
}

resource "aws_s3_bucket_cors_configuration" "b" {
  bucket = aws_s3_bucket.b.id
  cors_rule {
    allowed_methods = ["GET", "PUT"]
    allowed_origins = ["https://example.com"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = var.changed ? 60 : 3000
  }
}

resource "aws_s3_bucket_object_lock_configuration" "b" {
  depends_on = [aws_s3_bucket_versioning.b]
  bucket     = aws_s3_bucket.b.id
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.changed ? 2 : 1
    }
  }
}

resource "aws_s3_object" "o" {
  depends_on = [aws_s3_bucket_versioning.b]
  bucket        = aws_s3_bucket.b.id
  key           = "folder/object.txt"
  content       = var.changed ? "two" : "one"
  content_type  = "text/plain"
  tags          = { kind = "text" }
  force_destroy = true

  # As the default retention of the bucket would set them.
  object_lock_mode              = "GOVERNANCE"
  object_lock_retain_until_date = "2040-01-01T00:00:00Z"
}

resource "aws_s3_object_copy" "o" {
  bucket        = aws_s3_bucket.b.id
  key           = "copied.txt"
  source        = "${aws_s3_object.o.bucket}/${aws_s3_object.o.key}"
  force_destroy = true
}

data "aws_s3_bucket" "b" {
  bucket = aws_s3_bucket.b.id
}

data "aws_s3_object" "o" {
  bucket = aws_s3_object.o.bucket
  key    = aws_s3_object.o.key
}

data "aws_s3_objects" "o" {
  depends_on = [aws_s3_object_copy.o]
  bucket     = aws_s3_bucket.b.id
  prefix     = "folder/"
}

data "aws_s3_bucket_policy" "b" {
  bucket = aws_s3_bucket_policy.b.bucket
}

output "body" { value = data.aws_s3_object.o.body }
output "keys" { value = data.aws_s3_objects.o.keys }
