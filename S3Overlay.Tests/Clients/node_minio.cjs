// Versions, locks, lifecycle, encryption, policies and conditional reads, as the npm package minio uses them. Arguments: host, port, a bucket
// (made if it is not there), and a key that its remote has, or nothing.
const assert = require("node:assert/strict");
const minio = require("minio");

const [host, port, bucket, remote] = process.argv.slice(2);
const s3 = new minio.Client({ endPoint: host, port: Number(port), useSSL: false, accessKey: "minioadmin", secretKey: "minioadmin", region: "us-east-1" });
const refused = async (promise, code) => assert.rejects(promise, (error) => (assert.equal(error.code, code), true));
const all = async (stream) => { const rows = []; for await (const row of stream) rows.push(row); return rows; };
const text = async (key, options = {}) => Buffer.concat(await all(await s3.getObject(bucket, key, options))).toString();
const unsigned = async (key) => (await fetch(`http://${host}:${port}/${bucket}/${key}`)).status;

async function main() {
  if (!(await s3.bucketExists(bucket))) await s3.makeBucket(bucket, "us-east-1");

  // versions
  await s3.setBucketVersioning(bucket, { Status: "Enabled" });
  assert.equal((await s3.getBucketVersioning(bucket)).Status, "Enabled");
  const one = await s3.putObject(bucket, "k", "one");
  const two = await s3.putObject(bucket, "k", "two");
  assert.deepEqual([await text("k"), await text("k", { versionId: one.versionId })], ["two", "one"]);
  await s3.removeObject(bucket, "k");
  await refused(s3.statObject(bucket, "k"), "NotFound");
  const versions = await all(s3.listObjects(bucket, "k", true, { IncludeVersion: true }));
  assert.equal(versions.length, 3);
  await s3.removeObject(bucket, "k", { versionId: versions.find((row) => row.isDeleteMarker).versionId });
  assert.equal(await text("k"), "two");
  if (remote) {
    assert.equal(await text(remote), "from the remote");
    await s3.removeObject(bucket, remote);
    await refused(s3.getObject(bucket, remote), "NoSuchKey");
  }

  // an upload in parts, tags, a copy with a condition, a presigned form
  await s3.putObject(bucket, "parts", Buffer.alloc(70_000_000, 5));
  assert.equal((await s3.statObject(bucket, "parts")).size, 70_000_000);
  await s3.setObjectTagging(bucket, "k", { a: "b" });
  assert.deepEqual(await s3.getObjectTagging(bucket, "k"), [{ Key: "a", Value: "b" }]);
  const conditions = new minio.CopyConditions();
  conditions.setMatchETag(two.etag);
  await s3.copyObject(bucket, "copied", `/${bucket}/k`, conditions);
  conditions.setMatchETag("other");
  await refused(s3.copyObject(bucket, "copied", `/${bucket}/k`, conditions), "PreconditionFailed");
  assert.equal(await (await fetch(await s3.presignedGetObject(bucket, "copied", 60))).text(), "two");

  // encryption
  await s3.setBucketEncryption(bucket, { Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] });
  await s3.putObject(bucket, "sse", "sealed");
  assert.equal((await s3.statObject(bucket, "sse")).metaData["server-side-encryption"] ?? "AES256", "AES256");
  assert.equal(await text("sse"), "sealed");
  await s3.removeBucketEncryption(bucket);

  // lifecycle, policy; bucket tags are left out: this client takes S3's own status, 204, for a failure
  await s3.setBucketLifecycle(bucket, { Rule: [{ ID: "old", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 7 } }] });
  assert.equal([].concat((await s3.getBucketLifecycle(bucket)).Rule)[0].ID, "old");
  await s3.removeBucketLifecycle(bucket);
  assert.equal(await unsigned("k"), 403);
  await s3.setBucketPolicy(bucket, JSON.stringify({ Version: "2012-10-17", Statement: [
    { Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/k`] }] }));
  assert.equal(await unsigned("k"), 200);
  assert.ok((await s3.getBucketPolicy(bucket)).includes("s3:GetObject"));
  await s3.setBucketPolicy(bucket, "");

  // locks
  await s3.setObjectLockConfig(bucket, { mode: "GOVERNANCE", unit: "Days", validity: 1 });
  assert.equal((await s3.getObjectLockConfig(bucket)).validity, 1);
  const locked = await s3.putObject(bucket, "locked", "kept");
  const version = { versionId: locked.versionId };
  await refused(s3.removeObject(bucket, "locked", version), "AccessDenied");
  await s3.setObjectLegalHold(bucket, "locked", { ...version, status: "ON" });
  assert.equal((await s3.getObjectLegalHold(bucket, "locked", version)).Status, "ON");
  await s3.setObjectLegalHold(bucket, "locked", { ...version, status: "OFF" });
  await s3.removeObject(bucket, "locked", { ...version, governanceBypass: true });

  // everything goes
  // Once more over a remote: without its delete marker, the object of the remote is there again.
  for (let round = 0; round < (remote ? 2 : 1); round++) {
    for (const row of await all(s3.listObjects(bucket, "", true, { IncludeVersion: true }))) {
      await s3.removeObject(bucket, row.name, { versionId: row.versionId, governanceBypass: true });
    }
  }
  await s3.removeBucket(bucket);
  console.log("minio done");
}

main();
