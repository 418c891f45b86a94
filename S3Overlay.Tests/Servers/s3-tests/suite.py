"""The suite itself: its version, the Python modules that it needs, its configuration, and one run of it with pytest."""
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from servers import CLIENTS, Problem

COMMIT = "8f0ae7b404a3a2fcf7038bf1e6bf29544fe9b6a3"
SOURCE_HASH = "b2eb75153c9c92b5d04ae52cab7d0bdb4203e049d169b26cca840208a19c0362"
FILES = ["s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py"]

# A test is "core" if neither ties it to an optional feature.
OPTIONAL_MARKERS = {"bucket_logging", "bucket_policy", "encryption", "sse_s3", "bucket_encryption", "lifecycle", "lifecycle_expiration",
                    "lifecycle_transition", "object_ownership", "cloud_transition", "cloud_restore", "iam_account", "iam_user"}
OPTIONAL_NAMES = re.compile("versioning|acl|object_lock|policy|cors|lifecycle|sse|logging|public|ownership|tenant")

# They count all buckets of the account, so they run alone, on a store without any.
ALONE = ["test_list_buckets_paginated"]

Outcome = collections.namedtuple("Outcome", "result seconds message core")


def source(folder):
    """The folder of the suite, checked to be exactly the pinned version."""
    where = f"Get it: git clone https://github.com/ceph/s3-tests && git -C s3-tests checkout {COMMIT}"
    if not folder:
        raise Problem(3, f"S3OVERLAY_S3TESTS is not set to a folder with the source of s3-tests. {where}")
    folder, digest = pathlib.Path(folder).resolve(), hashlib.sha256()
    for file in sorted((folder / "s3tests").rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    if digest.hexdigest() != SOURCE_HASH:
        raise Problem(3, f"{folder} is not s3-tests at the pinned commit. {where}")
    return folder


def environment(results):
    """The environment of pytest, once all modules are known to be there. Older versions of boto3 cannot send what many tests send."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "S3_OVERLAY_", "PYTEST_"))}
    env |= {"PYTHONPYCACHEPREFIX": str(results / "pycache"), "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "BOTO_DISABLE_CRT": "true"}
    unpacked = results / "python/usr/lib/python3/dist-packages"
    env["PYTHONPATH"] = str(unpacked) if unpacked.is_dir() else ""
    check = "import boto3, munch, isodate, lxml, pytz, requests, pytest, pytest_timeout, xdist, httplib2; print(boto3.__version__)"
    answer = subprocess.run([sys.executable, "-c", check], env=env, capture_output=True, text=True)
    if answer.returncode:
        raise Problem(4, (answer.stderr.strip().splitlines() or ["python failed"])[-1])
    if tuple(map(int, answer.stdout.strip().split(".")[:2])) < (1, 36):
        raise Problem(4, f"boto3 {answer.stdout.strip()} is too old: .ci/s3-tests --get-boto3 (Debian, as root) unpacks a newer one")
    return env


def get_boto3(results):
    """Unpacks boto3 of Debian 13 below the results, from the mirror that this machine uses. It runs on any Python 3."""
    folder = results / "apt"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    release = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)[1]
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release}"],
                             capture_output=True, text=True, check=True).stdout
    (folder / "sources.list").write_text(
        f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {targets.split()[0]} trixie main\n")
    options = [f"Dir::Etc::sourcelist={folder}/sources.list", "Dir::Etc::sourceparts=-", f"Dir::State::lists={folder}/lists",
               f"Dir::Cache={folder}/cache", "APT::Sandbox::User=root"]
    apt = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "download", "python3-boto3", "python3-botocore", "python3-s3transfer"], cwd=folder / "packages", check=True)
    for package in (folder / "packages").glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, results / "python"], check=True)
    shutil.rmtree(folder)


def configuration(port):
    """The suite's configuration file."""
    text = f"[DEFAULT]\nhost = localhost\nport = {port}\nis_secure = False\nssl_verify = False\n"
    text += "[fixtures]\nbucket prefix = s3-tests-{random}-\niam name prefix = s3-tests-\niam path prefix = /s3-tests/\n"
    for section, (access, secret, user, name) in CLIENTS.items():
        text += f"[{section}]\naccess_key = {access}\nsecret_key = {secret}\nuser_id = {user}\ndisplay_name = {name}\n"
        text += f"email = {access.lower()}@example.com\n"
        text += "lc_debug_interval = 2\n" if section == "s3 main" else "tenant = testx\n" if section == "s3 tenant" else ""
    return text


def run(source_folder, env, folder, results, port, name, options, alone=False):
    """Runs the tests against a port: those that need an empty store, or all others. Returns their outcomes by name."""
    (folder / "suite.conf").write_text(configuration(port))
    report, output = results / f"{name}.xml", results / f"{name}.log"
    report.unlink(missing_ok=True)
    env = env | {"S3TEST_CONF": str(folder / "suite.conf"), "S3TESTS_ALONE": " ".join(ALONE), "S3TESTS_ONLY_ALONE": "1" if alone else "",
                 "S3TESTS_MARKERS": str(folder / "markers"), "PYTHONPATH": f"{pathlib.Path(__file__).parent}:{env['PYTHONPATH']}"}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "suite_plugin", "--junit-xml", report,
               f"--timeout={options.timeout}", "-m", "not fails_on_rgw", "-k", options.only or "", *FILES]
    if not alone and options.jobs > 1:
        command += ["-n", str(options.jobs)]
    with open(output, "w") as log:
        code = subprocess.run(command, cwd=source_folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
    if code == 5:
        return {}
    if code not in (0, 1) or not report.exists():
        raise Problem(5, f"pytest ended with {code}:\n" + "\n".join(output.read_text().splitlines()[-20:]))
    markers = {test: names for file in folder.glob("markers.*") for test, names in json.loads(file.read_text()).items()}
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = read(case, markers)
        if case.get("name") not in outcomes or outcome.result == "failed":
            outcomes[case.get("name")] = outcome
    if missing := sorted(markers.keys() - outcomes.keys()):
        raise Problem(5, f"{len(missing)} tests have no result: {', '.join(missing[:5])}")
    return outcomes


def read(case, markers):
    bad, skipped = [child for child in case if child.tag in ("failure", "error")], case.find("skipped")
    result = "failed" if bad else "passed" if skipped is None else "skipped"
    message = bad[0].get("message") if bad else "" if skipped is None else skipped.get("message")
    name = case.get("name")
    core = not OPTIONAL_MARKERS & set(markers[name]) and not OPTIONAL_NAMES.search(name)
    return Outcome(result, float(case.get("time", 0)), " ".join((message or "").split())[:300], core)
