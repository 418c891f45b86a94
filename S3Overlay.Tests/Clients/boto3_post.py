"""Upload forms as boto3 makes them (SigV4 and SigV2), sent by curl. Arguments: endpoint, bucket."""
import subprocess
import sys
import tempfile

import boto3
from botocore.config import Config

endpoint, bucket = sys.argv[1:3]
content = bytes(range(256)) * 40_000
reader = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))

with tempfile.NamedTemporaryFile(suffix="-photo.bin") as file:
    file.write(content)
    file.flush()
    for version in "s3v4", "s3":
        s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version=version, s3={"addressing_style": "path"}))

        def post(largest):
            form = s3.generate_presigned_post(
                bucket,
                "uploads/" + version + "/${filename}",
                Fields={"acl": "private", "success_action_status": "201"},
                Conditions=[{"acl": "private"}, {"success_action_status": "201"}, ["content-length-range", 1, largest]],
                ExpiresIn=600,
            )
            fields = [argument for name, value in form["fields"].items() for argument in ("--form-string", f"{name}={value}")]
            return subprocess.run(
                ["curl", "-sS", "-w", "%{http_code}", *fields, "-F", f"file=@{file.name}", form["url"]], check=True, capture_output=True, text=True
            ).stdout

        answer = post(len(content))
        assert answer.endswith("201"), answer
        key = f"uploads/{version}/{file.name.rsplit('/', 1)[1]}"
        assert f"<Key>{key}</Key>" in answer, answer
        assert reader.get_object(Bucket=bucket, Key=key)["Body"].read() == content
        answer = post(len(content) - 1)
        assert answer.endswith("400") and "EntityTooLarge" in answer, answer

print("boto3 done")
