"""Versions, locks, lifecycle, encryption, ACLs, policies, CORS and conditional writes, as boto3 uses them. Arguments: endpoint, a bucket
(made if it is not there), and a key that its remote has, or nothing."""
import datetime
import json
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket, remote = sys.argv[1:4]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


def code(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError(f"{call} {arguments} should have failed")


def unsigned(key, method="GET", **headers):
    request = urllib.request.Request(f"{endpoint}/{bucket}/{key}", method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, {}


def with_headers(call, headers, **arguments):
    """Calls with headers that older versions of boto3 have no argument for."""
    name = "before-sign.s3." + "".join(word.title() for word in call.__name__.split("_"))
    handler = lambda request, **_: [request.headers.__setitem__(k, v) for k, v in headers.items()]
    s3.meta.events.register(name, handler)
    try:
        return call(Bucket=bucket, **arguments)
    finally:
        s3.meta.events.unregister(name, handler)


def body(key, **arguments):
    return s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


# what is not set
try:
    s3.head_bucket(Bucket=bucket)
except ClientError:
    s3.create_bucket(Bucket=bucket)
assert code(s3.get_bucket_lifecycle_configuration) == "NoSuchLifecycleConfiguration"
assert code(s3.get_bucket_cors) == "NoSuchCORSConfiguration"
assert code(s3.get_bucket_policy) == "NoSuchBucketPolicy"
assert code(s3.get_bucket_tagging) == "NoSuchTagSet"
assert code(s3.get_object_lock_configuration) == "ObjectLockConfigurationNotFoundError"
assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)

# versions
s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
one = s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
two = s3.put_object(Bucket=bucket, Key="k", Body=b"two")["VersionId"]
assert (body("k"), body("k", VersionId=one)) == (b"two", b"one")
marker = s3.delete_object(Bucket=bucket, Key="k")
assert marker["DeleteMarker"] and code(s3.get_object, Key="k") == "NoSuchKey"
assert code(s3.get_object, Key="k", VersionId=marker["VersionId"]) == "MethodNotAllowed"
pages = [p for p in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="k", PaginationConfig={"PageSize": 1})]
assert [v["VersionId"] for p in pages for v in p.get("Versions", [])] == [two, one]
s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
assert body("k") == b"two"
s3.copy_object(Bucket=bucket, Key="restored", CopySource={"Bucket": bucket, "Key": "k", "VersionId": one})
assert body("restored") == b"one"
if remote:
    versions = s3.list_object_versions(Bucket=bucket, Prefix=remote)["Versions"]
    assert [v["VersionId"] for v in versions] == ["null"] and body(remote, VersionId="null") == b"from the remote"
    s3.put_object(Bucket=bucket, Key=remote, Body=b"from here")
    assert body(remote) == b"from here"
    s3.delete_object(Bucket=bucket, Key=remote)
    assert code(s3.get_object, Key=remote) == "NoSuchKey"

# conditional writes
etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
for headers, key, error in ({"If-None-Match": "*"}, "k", "PreconditionFailed"), ({"If-Match": '"other"'}, "k", "PreconditionFailed"), ({"If-Match": etag}, "none", "NoSuchKey"):
    try:
        with_headers(s3.put_object, headers, Key=key, Body=b"three")
        raise AssertionError(headers)
    except ClientError as failure:
        assert failure.response["Error"]["Code"] == error, failure
with_headers(s3.put_object, {"If-Match": etag}, Key="k", Body=b"three")
with_headers(s3.put_object, {"If-None-Match": "*"}, Key="new", Body=b"new")
assert (body("k"), body("new")) == (b"three", b"new")

# encryption
own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0123456789abcdef0123456789abcdef"}
s3.put_object(Bucket=bucket, Key="own", Body=b"sealed", **own)
assert body("own", **own) == b"sealed" and code(s3.get_object, Key="own") == "InvalidRequest"
assert code(s3.get_object, Key="own", SSECustomerAlgorithm="AES256", SSECustomerKey=b"x" * 32) == "AccessDenied"
assert s3.put_object(Bucket=bucket, Key="sse", Body=b"sealed", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
assert s3.put_object(Bucket=bucket, Key="kms", Body=b"sealed", ServerSideEncryption="aws:kms", SSEKMSKeyId="named")["SSEKMSKeyId"] == "named"
rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "named"}}
s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"] == rule["ApplyServerSideEncryptionByDefault"]
upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")
part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], PartNumber=1, Body=b"part")
s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
assert s3.head_object(Bucket=bucket, Key="parts")["ServerSideEncryption"] == "aws:kms" and body("parts") == b"part"
s3.delete_bucket_encryption(Bucket=bucket)

# lifecycle and CORS
rule = {"ID": "old", "Status": "Enabled", "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}}, "Expiration": {"Days": 7}}
s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
assert 'rule-id="old"' in s3.put_object(Bucket=bucket, Key="logs/1", Body=b"log", Tagging="a=b")["Expiration"]
s3.delete_bucket_lifecycle(Bucket=bucket)
rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://page.example"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 9}
s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
asked = {"Origin": "http://page.example", "Access_Control_Request_Method": "GET"}
assert unsigned("k", "OPTIONS", **asked)[0] == 200 and unsigned("k", "OPTIONS", **{**asked, "Origin": "http://other.example"})[0] == 403
s3.delete_bucket_cors(Bucket=bucket)

# ACLs and policies
assert unsigned("k")[0] == 403
s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
assert unsigned("k")[0] == 200 and len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2
acl = s3.get_object_acl(Bucket=bucket, Key="k")
s3.put_object_acl(Bucket=bucket, Key="new", AccessControlPolicy={"Owner": acl["Owner"], "Grants": acl["Grants"]})
assert unsigned("new")[0] == 200
s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/k"},
    {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/new"}]}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy and s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
assert (unsigned("k")[0], unsigned("new")[0]) == (200, 403)
block = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
assert unsigned("k")[0] == 403 and code(s3.put_bucket_policy, Policy=json.dumps(policy)) == "AccessDenied"
s3.delete_public_access_block(Bucket=bucket)
s3.delete_bucket_policy(Bucket=bucket)
s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
assert code(s3.put_object_acl, Key="k", ACL="public-read") == "AccessControlListNotSupported"

# locks
s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})
locked = s3.put_object(Bucket=bucket, Key="locked", Body=b"kept")
assert s3.get_object_retention(Bucket=bucket, Key="locked")["Retention"]["Mode"] == "GOVERNANCE"
assert code(s3.delete_object, Key="locked", VersionId=locked["VersionId"]) == "AccessDenied"
later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=9)
s3.put_object_retention(Bucket=bucket, Key="locked", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": later})
s3.put_object_legal_hold(Bucket=bucket, Key="locked", LegalHold={"Status": "ON"})
assert code(s3.delete_object, Key="locked", VersionId=locked["VersionId"], BypassGovernanceRetention=True) == "AccessDenied"
s3.put_object_legal_hold(Bucket=bucket, Key="locked", LegalHold={"Status": "OFF"})
s3.delete_object(Bucket=bucket, Key="locked", VersionId=locked["VersionId"], BypassGovernanceRetention=True)

# everything goes; over a remote once more: without its delete marker, the object of the remote is there again
for _ in range(2 if remote else 1):
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        rows = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": rows})
        assert len(gone["Deleted"]) == len(rows) and "Errors" not in gone, gone
s3.delete_bucket(Bucket=bucket)
print("boto3 done")
