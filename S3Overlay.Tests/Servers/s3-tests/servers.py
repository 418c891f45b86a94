"""The servers that .ci/s3-tests runs the suite against, on free ports of this machine, with their data in a temporary folder."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent

# One client of the suite each: access key, secret key, and the user's id and name, which the suite compares with answers.
CLIENTS = {
    "s3 main": ("MAINMAINMAINMAINMAIN", "main-secret", "main-user", "M. Tester"),
    "s3 alt": ("ALTALTALTALTALTALTAL", "alt-secret", "alt-user", "john.doe"),
    "s3 tenant": ("TENANTTENANTTENANTTE", "tenant-secret", "testx$tenant-user", "tenanteduser"),
    "iam": ("IAMIAMIAMIAMIAMIAMIA", "iam-secret", "iam-user", "iam"),
    "iam root": ("ROOTROOTROOTROOTROOT", "root-secret", "RGW11111111111111111", "root"),
    "iam alt root": ("ALTROOTALTROOTALTROO", "alt-root-secret", "RGW22222222222222222", "alt root"),
}

# What the remote of an overlay, and the store behind a proxy, are reached with.
ACCESS_KEY, SECRET_KEY = CLIENTS["s3 main"][:2]

# The keys of the built-in store. The suite names two of SSE-KMS.
ENCRYPTION = {"master": base64.b64encode(b"m" * 32).decode(),
              "kms": {f"testkey-{i}": base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2)}}


class Problem(Exception):
    """Ends the script with a message and an exit code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def proxy(published, folder, name, users_of_store=False, **settings):
    """A running proxy that all clients can use. Yields its port."""
    program, port, log = published / "S3Overlay.Proxy", free_port(), folder / f"{name}.log"
    keys = [{"accessKey": access, "secretKey": secret, "rights": {"*": "owner"}, "id": user, "displayName": display}
            for access, secret, user, display in CLIENTS.values()]
    for key in keys if users_of_store else []:
        key["local"] = {"accessKey": key["accessKey"], "secretKey": key["secretKey"]}
    (folder / f"{name}-keys.json").write_text(json.dumps(keys))
    (folder / f"{name}-encryption.json").write_text(json.dumps(ENCRYPTION))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "S3_OVERLAY_"))} | {
        "S3_OVERLAY_PORT": str(port), "S3_OVERLAY_DATA_DIR": str(folder / name), "S3_OVERLAY_DURABLE": "false",
        "S3_OVERLAY_NEW_BUCKETS": "acl",
        "S3_OVERLAY_LIFECYCLE_DAY": "2s",  # as lc_debug_interval in suite.py
        "S3_OVERLAY_LOGGING_INTERVAL": "20s",  # a quiet bucket's log is written after 4 seconds; the suite waits 5.5
        "S3_OVERLAY_KEYS_FILE": str(folder / f"{name}-keys.json"),
        "S3_OVERLAY_ENCRYPTION_FILE": str(folder / f"{name}-encryption.json"), "S3_OVERLAY_SSE_C_OVER_HTTP": "true", **settings}
    try:
        with open(log, "w") as output:
            process = subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder)
    except OSError as failure:
        raise Problem(5, f"{program}: {failure.strerror}. Run dotnet publish S3Overlay.Proxy -c Release -o {published}") from failure
    try:
        wait_for(f"http://127.0.0.1:{port}/alive", process, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(address, process, log):
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise Problem(5, f"a proxy did not start:\n{log.read_text()}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def gateway(folder):
    """A running Ceph gateway with the suite's users. Yields its port."""
    if not shutil.which("radosgw"):
        raise Problem(4, "radosgw is not installed (Debian: ceph-mon ceph-osd radosgw ceph-common)")
    port, data = free_port(), folder / "ceph"
    env = os.environ | {"OSD_STORE": "memstore", "OSD_GB": "4", "MON_PORT": str(free_port()), "DOMAIN": "localhost"}
    try:
        checked("the gateway did not start", [SCRIPTS / "ceph-rgw-start.sh", str(port), data], env=env)
        for access, secret, user, name in CLIENTS.values():
            tenant = ["--tenant", user.split("$")[0]] if "$" in user else []
            checked("radosgw-admin", ["radosgw-admin", "-c", data / "ceph.conf", "user", "create", *tenant, "--uid", user.split("$")[-1],
                                      "--display-name", name, "--email", f"{access.lower()}@example.com",
                                      "--access-key", access, "--secret-key", secret])
        yield port
    finally:
        subprocess.run([SCRIPTS / "ceph-rgw-stop.sh", data], capture_output=True)


def checked(what, command, **options):
    # Not through a pipe, which the servers that a script leaves running would keep open.
    with tempfile.TemporaryFile("w+") as output:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options).returncode
        output.seek(0)
        if code:
            raise Problem(5, f"{what}: {output.read()}")
