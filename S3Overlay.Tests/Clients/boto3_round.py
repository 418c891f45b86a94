"""Everything a Python program does with a bucket, once round. Arguments: endpoint, a bucket that has folder/from-remote.txt at the remote."""
import io
import os
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


def code(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError(f"{call} {arguments} should have failed")


# reads fall through; metadata and ranges
assert s3.get_object(Bucket=bucket, Key="folder/from-remote.txt")["Body"].read() == b"from the remote"
assert s3.get_object(Bucket=bucket, Key="folder/from-remote.txt", Range="bytes=-6")["Body"].read() == b"remote"
assert code(s3.get_object, Key="folder/from-remote.txt", Range="bytes=99-") == "InvalidRange"
etag = s3.head_object(Bucket=bucket, Key="folder/from-remote.txt")["ETag"]
assert code(s3.get_object, Key="folder/from-remote.txt", IfMatch='"other"') == "PreconditionFailed"
assert code(s3.get_object, Key="folder/from-remote.txt", IfNoneMatch=etag) == "304"

# writes stay here
keys = ["a", "a/b", "x//y", "../up", "100%", "a?b", "a#b", "a%2Fb", "\u00fc\U0001F600", "k" * 1024, "tail/", "plus+and space"]
for key in keys:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"of": "python"})
for key in keys:
    answer = s3.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == key.encode() and answer["Metadata"] == {"of": "python"}, key

# listings, paged
seen = []
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}):
    seen += [item["Key"] for item in page["Contents"]]
assert seen == sorted(keys + ["folder/from-remote.txt"], key=lambda k: k.encode()), seen
assert [p["Prefix"] for p in s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]] == ["../", "a/", "folder/", "tail/", "x/"]

# a multipart upload by the transfer manager, and back
data = os.urandom(20_000_000)
config = TransferConfig(multipart_threshold=6_000_000, multipart_chunksize=6_000_000)
s3.upload_fileobj(io.BytesIO(data), bucket, "multi", Config=config)
back = io.BytesIO()
s3.download_fileobj(bucket, "multi", back, Config=config)
assert back.getvalue() == data
assert s3.head_object(Bucket=bucket, Key="multi")["ETag"].endswith('-4"')

# copies, from either layer
s3.copy_object(Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "folder/from-remote.txt"})
assert s3.get_object(Bucket=bucket, Key="copied")["Body"].read() == b"from the remote"
s3.copy({"Bucket": bucket, "Key": "multi"}, bucket, "multi-copy", Config=config)
assert s3.get_object(Bucket=bucket, Key="multi-copy")["Body"].read() == data

# deletes
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys + ["folder/from-remote.txt", "never was"]]})
assert len(deleted["Deleted"]) == len(keys) + 2 and "Errors" not in deleted, deleted
assert code(s3.get_object, Key="folder/from-remote.txt") == "NoSuchKey"
for key in ["multi", "multi-copy", "copied"]:
    s3.delete_object(Bucket=bucket, Key=key)
assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
s3.delete_bucket(Bucket=bucket)
assert code(s3.list_objects_v2) == "NoSuchBucket"
print("boto3 done")
