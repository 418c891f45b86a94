"""All that a store can do, asked of it once round; says what came of each step, so that what a proxy gives can be held against what its store gives.
Arguments: endpoint, access key, secret key, the start of bucket names."""
import datetime
import io
import json
import re
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

endpoint, access, secret, prefix = sys.argv[1:5]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1",
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}))
names = {}


def known(kind, value):
    """A name for what no two stores give alike: the first version is version1."""
    return names.setdefault((kind, value), f"{kind}{1 + sum(1 for k, _ in names if k == kind)}")


def plain(value, key=""):
    if isinstance(value, dict):
        return {k: plain(v, k) for k, v in sorted(value.items()) if k not in ("ResponseMetadata", "RequestId", "HostId")}
    if isinstance(value, (list, tuple)):
        return [plain(v, key) for v in value]
    if isinstance(value, datetime.datetime):
        return "a date"
    if isinstance(value, str) and value and value != "null" and re.search("(VersionId|UploadId)(Marker)?$", key):
        return known("upload" if "Upload" in key else "version", value)
    if isinstance(value, str):
        value = value[value.index("/" + prefix):] if key == "Location" and "/" + prefix in value else value
        return value.replace(endpoint, "ENDPOINT").replace(endpoint.split("//")[1], "HOST").replace(prefix, "BUCKET")
    if hasattr(value, "read"):
        return repr(value.read())
    return value if isinstance(value, (int, float, bool, type(None), str)) else repr(value)


def step(name, **arguments):
    """Asks, and says what came of it."""
    try:
        answer = getattr(s3, name)(**arguments)
        payload = answer.get("Payload")
        if payload is not None:
            answer["Payload"] = b"".join(event["Records"]["Payload"] for event in payload if "Records" in event).decode()
        print(name, answer["ResponseMetadata"]["HTTPStatusCode"], json.dumps(plain(answer), ensure_ascii=True))
        return answer
    except ClientError as error:
        # An error in the midst of an event stream has no status.
        print(name, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "stream"), error.response["Error"]["Code"])
    except (BotoCoreError, ResponseParserError) as error:
        print(name, type(error).__name__)
    return {}


def fetch(method, url, body=None, **headers):
    """What somebody without keys gets."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})) as answer:
            print(method, answer.status, answer.read(), sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower().startswith("access-control")))
    except urllib.error.HTTPError as error:
        print(method, error.code, re.findall(rb"<Code>(.*?)</Code>", error.read()))


b = prefix + "-all"
step("create_bucket", Bucket=b)
step("head_bucket", Bucket=b)
step("get_bucket_location", Bucket=b)

# objects: metadata, tags, checks of the body
step("put_object", Bucket=b, Key="k", Body=b"one", ContentType="text/x", CacheControl="max-age=5", Metadata={"who": "me"}, Tagging="a=1&b=2")
step("put_object", Bucket=b, Key="bad", Body=b"one", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
step("get_object", Bucket=b, Key="k")
step("get_object", Bucket=b, Key="k", Range="bytes=1-")
step("get_object", Bucket=b, Key="k", ResponseContentType="text/y")
step("get_object_tagging", Bucket=b, Key="k")
step("put_object_tagging", Bucket=b, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
step("get_object_tagging", Bucket=b, Key="k")
step("delete_object_tagging", Bucket=b, Key="k")
step("get_object_attributes", Bucket=b, Key="k", ObjectAttributes=["ETag", "ObjectSize"]) if hasattr(s3, "get_object_attributes") else None
step("select_object_content", Bucket=b, Key="k", Expression="select * from s3object", ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}})

# access control lists and policies
step("get_bucket_acl", Bucket=b)
step("get_object_acl", Bucket=b, Key="k")
fetch("GET", f"{endpoint}/{b}/k")
step("put_object_acl", Bucket=b, Key="k", ACL="public-read")
fetch("GET", f"{endpoint}/{b}/k")
step("put_bucket_acl", Bucket=b, ACL="public-read")
step("get_bucket_acl", Bucket=b)
step("get_bucket_policy", Bucket=b)
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{b}/open/*"}]}
step("put_bucket_policy", Bucket=b, Policy=json.dumps(policy))
step("get_bucket_policy", Bucket=b)
step("get_bucket_policy_status", Bucket=b)
step("put_object", Bucket=b, Key="open/k", Body=b"open")
fetch("GET", f"{endpoint}/{b}/open/k")
step("delete_bucket_policy", Bucket=b)
fetch("GET", f"{endpoint}/{b}/open/k")

# what a bucket can be told
step("put_bucket_tagging", Bucket=b, Tagging={"TagSet": [{"Key": "team", "Value": "x y"}]})
step("get_bucket_tagging", Bucket=b)
step("delete_bucket_tagging", Bucket=b)
rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 30}}
step("put_bucket_lifecycle_configuration", Bucket=b, LifecycleConfiguration={"Rules": [rule]})
step("get_bucket_lifecycle_configuration", Bucket=b)
step("delete_bucket_lifecycle", Bucket=b)
step("get_bucket_lifecycle_configuration", Bucket=b)
cors = {"CORSRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["http://page.example"], "AllowedHeaders": ["x-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 9}]}
step("put_bucket_cors", Bucket=b, CORSConfiguration=cors)
step("get_bucket_cors", Bucket=b)
fetch("OPTIONS", f"{endpoint}/{b}/k", Origin="http://page.example", Access_Control_Request_Method="PUT", Access_Control_Request_Headers="x-a")
fetch("OPTIONS", f"{endpoint}/{b}/k", Origin="http://other.example", Access_Control_Request_Method="PUT")
fetch("GET", f"{endpoint}/{b}/k", Origin="http://page.example")
step("delete_bucket_cors", Bucket=b)
step("get_bucket_notification_configuration", Bucket=b)
topic = {"TopicConfigurations": [{"Id": "n", "TopicArn": "arn:aws:sns:default::no-such-topic", "Events": ["s3:ObjectCreated:*"]}]}
step("put_bucket_notification_configuration", Bucket=b, NotificationConfiguration=topic)
step("put_bucket_website", Bucket=b, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
step("get_bucket_encryption", Bucket=b)
step("get_bucket_replication", Bucket=b)
step("get_public_access_block", Bucket=b)
block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
step("put_public_access_block", Bucket=b, PublicAccessBlockConfiguration=block)
step("get_public_access_block", Bucket=b)
step("put_bucket_policy", Bucket=b, Policy=json.dumps(policy))
step("delete_public_access_block", Bucket=b)

# versions
step("put_bucket_versioning", Bucket=b, VersioningConfiguration={"Status": "Enabled"})
step("get_bucket_versioning", Bucket=b)
two = step("put_object", Bucket=b, Key="k", Body=b"two")
three = step("put_object", Bucket=b, Key="k", Body=b"three")
step("get_object", Bucket=b, Key="k", VersionId=two.get("VersionId", "null"))
step("get_object", Bucket=b, Key="k", VersionId="null")
step("copy_object", Bucket=b, Key="copy", CopySource={"Bucket": b, "Key": "k", "VersionId": two.get("VersionId", "null")})
marker = step("delete_object", Bucket=b, Key="k")
step("get_object", Bucket=b, Key="k")
step("list_object_versions", Bucket=b)
step("list_object_versions", Bucket=b, MaxKeys=2)
step("delete_object", Bucket=b, Key="k", VersionId=marker.get("VersionId", "null"))
step("get_object", Bucket=b, Key="k")
step("delete_object", Bucket=b, Key="k", VersionId=three.get("VersionId", "null"))
step("get_object", Bucket=b, Key="k")
step("put_bucket_versioning", Bucket=b, VersioningConfiguration={"Status": "Suspended"})

# uploads in parts
upload = step("create_multipart_upload", Bucket=b, Key="parts", ContentType="text/x", Metadata={"who": "me"})["UploadId"]
big = bytes(range(256)) * (5 << 12)
etags = [
    step("upload_part", Bucket=b, Key="parts", UploadId=upload, PartNumber=1, Body=big)["ETag"],
    step("upload_part_copy", Bucket=b, Key="parts", UploadId=upload, PartNumber=2, CopySource={"Bucket": b, "Key": "open/k"})["CopyPartResult"]["ETag"]]
step("list_parts", Bucket=b, Key="parts", UploadId=upload)
step("list_multipart_uploads", Bucket=b)
step("complete_multipart_upload", Bucket=b, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": e} for n, e in enumerate(etags)]})
step("head_object", Bucket=b, Key="parts")
step("head_object", Bucket=b, Key="parts", PartNumber=1)
step("get_object", Bucket=b, Key="parts", Range=f"bytes={len(big) - 2}-")
other = step("create_multipart_upload", Bucket=b, Key="aborted")["UploadId"]
step("abort_multipart_upload", Bucket=b, Key="aborted", UploadId=other)
step("list_multipart_uploads", Bucket=b)
s3.upload_fileobj(io.BytesIO(big * 3), b, "managed")
step("head_object", Bucket=b, Key="managed")

# a customer's own key, and those of the store
own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0123456789abcdef0123456789abcdef"}
step("put_object", Bucket=b, Key="secret", Body=b"sealed", **own)
step("get_object", Bucket=b, Key="secret", **own)
step("get_object", Bucket=b, Key="secret")
step("put_object", Bucket=b, Key="kms", Body=b"sealed", ServerSideEncryption="aws:kms", SSEKMSKeyId="no-such-key")

# conditions and links
etag = step("head_object", Bucket=b, Key="open/k")["ETag"]
step("get_object", Bucket=b, Key="open/k", IfNoneMatch=etag)
step("get_object", Bucket=b, Key="open/k", IfMatch='"other"')
step("copy_object", Bucket=b, Key="c", CopySource={"Bucket": b, "Key": "open/k"}, CopySourceIfMatch='"other"')
step("copy_object", Bucket=b, Key="c", CopySource={"Bucket": b, "Key": "open/k"}, MetadataDirective="REPLACE", Metadata={"new": "1"})
step("head_object", Bucket=b, Key="c")
fetch("PUT", s3.generate_presigned_url("put_object", Params={"Bucket": b, "Key": "linked"}), b"linked")
fetch("GET", s3.generate_presigned_url("get_object", Params={"Bucket": b, "Key": "linked"}))
fetch("GET", s3.generate_presigned_url("get_object", Params={"Bucket": b, "Key": "linked"}) + "x")

# locks
locked = prefix + "-lock"
step("create_bucket", Bucket=locked, ObjectLockEnabledForBucket=True)
step("get_object_lock_configuration", Bucket=locked)
step("put_object_lock_configuration", Bucket=locked, ObjectLockConfiguration={
    "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})
held = step("put_object", Bucket=locked, Key="k", Body=b"held").get("VersionId")
step("get_object_retention", Bucket=locked, Key="k", VersionId=held)
step("put_object_legal_hold", Bucket=locked, Key="k", VersionId=held, LegalHold={"Status": "ON"})
step("get_object_legal_hold", Bucket=locked, Key="k", VersionId=held)
step("delete_object", Bucket=locked, Key="k", VersionId=held)
step("put_object_legal_hold", Bucket=locked, Key="k", VersionId=held, LegalHold={"Status": "OFF"})
step("delete_object", Bucket=locked, Key="k", VersionId=held)
step("delete_object", Bucket=locked, Key="k", VersionId=held, BypassGovernanceRetention=True)
step("delete_bucket", Bucket=locked)

# and everything away again, version by version
step("delete_bucket", Bucket=b)
for page in s3.get_paginator("list_object_versions").paginate(Bucket=b, PaginationConfig={"PageSize": 4}):
    rows = page.get("Versions", []) + page.get("DeleteMarkers", [])
    left = s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]})
    print(sorted((item["Key"], plain(item["VersionId"], "VersionId")) for item in left.get("Deleted", [])), left.get("Errors"))
step("delete_bucket", Bucket=b)
print("boto3 done")
