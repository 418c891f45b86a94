"""A Python program that signs with version 2: in headers and in links. Arguments: endpoint, bucket."""
import io
import subprocess
import sys

import boto3
import botocore
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3", s3={"addressing_style": "path"}, retries={"max_attempts": 1}))
key = "a b/ü+(1)~.txt"

s3.put_object(Bucket=bucket, Key=key, Body=b"value", ContentType="text/plain", Metadata={"who": "me"}, Tagging="a=b")
assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"value"
assert s3.get_object(Bucket=bucket, Key=key, Range="bytes=1-2", ResponseContentType="text/x-other")["ContentType"] == "text/x-other"
s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
assert [row["Key"] for row in s3.list_objects(Bucket=bucket, Prefix="")["Contents"]] == [key, "copy"]
s3.delete_object(Bucket=bucket, Key="copy")

# botocore before 1.30 signs sub-resources twice over ("/b/k?tagging?tagging"), which no server takes
if tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 30):
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "a", "Value": "b"}]
    big = bytes(range(256)) * 40_000
    s3.upload_fileobj(io.BytesIO(big), bucket, "big", Config=TransferConfig(multipart_threshold=6 << 20, multipart_chunksize=5 << 20))
    assert s3.get_object(Bucket=bucket, Key="big", Range="bytes=255-256")["Body"].read() == b"\xff\x00"
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key, "big"]
    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "big"}]}).get("Errors", []) == []


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "-i", *arguments], check=True, capture_output=True, text=True).stdout


link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key, "ResponseContentType": "text/x-other", "ResponseContentDisposition": 'attachment; filename="x y"'})
assert "AWSAccessKeyId=" in link, link
answer = curl(link)
assert " 200 " in answer and answer.endswith("value") and "text/x-other" in answer and 'filename="x y"' in answer, answer
assert " 403 " in curl(link + "&acl"), "a link is for what it was made for"
link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "put", "ContentType": "text/plain", "Metadata": {"who": "a link"}})
answer = curl("-X", "PUT", "-H", "Content-Type: text/plain", "--data-binary", "from a link", link)
assert " 200 " in answer, answer
assert s3.head_object(Bucket=bucket, Key="put")["Metadata"] == {"who": "a link"}

print("boto3 done")
