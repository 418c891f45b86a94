// Versions, locks, lifecycle, encryption, ACLs, policies, CORS and conditional writes, as @aws-sdk/client-s3 uses them. Arguments: endpoint,
// a bucket (made if it is not there), and a key that its remote has, or nothing.
const assert = require("node:assert/strict");
const sdk = require("@aws-sdk/client-s3");

const [endpoint, bucket, remote] = process.argv.slice(2);
const s3 = new sdk.S3({
  endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1,
  credentials: { accessKeyId: "minioadmin", secretAccessKey: "minioadmin" },
});
const on = (more) => ({ Bucket: bucket, ...more });
const refused = async (promise, name) => assert.rejects(promise, (error) => (assert.equal(error.name, name), true));
const text = async (more) => (await s3.getObject(on(more))).Body.transformToString();
const unsigned = async (key) => (await fetch(`${endpoint}/${bucket}/${key}`)).status;

async function main() {
  await s3.headBucket(on()).catch(() => s3.createBucket(on()));

  // versions
  await s3.putBucketVersioning(on({ VersioningConfiguration: { Status: "Enabled" } }));
  const one = await s3.putObject(on({ Key: "k", Body: "one" }));
  const two = await s3.putObject(on({ Key: "k", Body: "two", ChecksumAlgorithm: "SHA256" }));
  assert.deepEqual([await text({ Key: "k" }), await text({ Key: "k", VersionId: one.VersionId })], ["two", "one"]);
  assert.equal((await s3.deleteObject(on({ Key: "k" }))).DeleteMarker, true);
  await refused(s3.getObject(on({ Key: "k" })), "NoSuchKey");
  const listed = await s3.listObjectVersions(on({ Prefix: "k" }));
  assert.deepEqual(listed.Versions.map((v) => v.VersionId), [two.VersionId, one.VersionId]);
  await s3.deleteObject(on({ Key: "k", VersionId: listed.DeleteMarkers[0].VersionId }));
  if (remote) {
    assert.equal(await text({ Key: remote, VersionId: "null" }), "from the remote");
    await s3.deleteObject(on({ Key: remote }));
    await refused(s3.getObject(on({ Key: remote })), "NoSuchKey");
  }

  // conditional writes and deletes
  await refused(s3.putObject(on({ Key: "k", Body: "three", IfNoneMatch: "*" })), "PreconditionFailed");
  await s3.putObject(on({ Key: "k", Body: "three", IfMatch: two.ETag }));
  await refused(s3.deleteObject(on({ Key: "k", IfMatch: two.ETag })), "PreconditionFailed");
  assert.equal(await text({ Key: "k" }), "three");

  // encryption
  const key = { SSECustomerAlgorithm: "AES256", SSECustomerKey: Buffer.alloc(32, 7).toString("base64"),
    SSECustomerKeyMD5: require("node:crypto").createHash("md5").update(Buffer.alloc(32, 7)).digest("base64") };
  await s3.putObject(on({ Key: "own", Body: "sealed", ...key }));
  assert.equal(await text({ Key: "own", ...key }), "sealed");
  await refused(s3.getObject(on({ Key: "own" })), "InvalidRequest");
  await s3.putBucketEncryption(on({ ServerSideEncryptionConfiguration: {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] } }));
  assert.equal((await s3.putObject(on({ Key: "sse", Body: "sealed" }))).ServerSideEncryption, "AES256");
  assert.equal(await text({ Key: "sse" }), "sealed");

  // lifecycle and CORS
  const rule = { ID: "old", Status: "Enabled", Filter: { Prefix: "logs/" }, NoncurrentVersionExpiration: { NoncurrentDays: 3 } };
  await s3.putBucketLifecycleConfiguration(on({ LifecycleConfiguration: { Rules: [rule] } }));
  assert.deepEqual((await s3.getBucketLifecycleConfiguration(on())).Rules, [rule]);
  await s3.putBucketCors(on({ CORSConfiguration: { CORSRules: [{ AllowedMethods: ["PUT"], AllowedOrigins: ["http://a.example"] }] } }));
  assert.equal((await s3.getBucketCors(on())).CORSRules[0].AllowedMethods[0], "PUT");

  // ACLs and policies
  assert.equal(await unsigned("k"), 403);
  await s3.putObjectAcl(on({ Key: "k", ACL: "public-read" }));
  assert.equal(await unsigned("k"), 200);
  await s3.putObjectAcl(on({ Key: "k", ACL: "private" }));
  await s3.putBucketPolicy(on({ Policy: JSON.stringify({ Version: "2012-10-17", Statement: [
    { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/k` }] }) }));
  assert.equal((await s3.getBucketPolicyStatus(on())).PolicyStatus.IsPublic, true);
  assert.equal(await unsigned("k"), 200);
  await s3.putPublicAccessBlock(on({ PublicAccessBlockConfiguration: { RestrictPublicBuckets: true } }));
  assert.equal(await unsigned("k"), 403);
  await s3.deleteBucketPolicy(on());

  // locks
  await s3.putObjectLockConfiguration(on({ ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } }));
  const until = new Date(Date.now() + 86_400_000);
  const locked = await s3.putObject(on({ Key: "locked", Body: "kept", ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: until }));
  const version = { Key: "locked", VersionId: locked.VersionId };
  await refused(s3.deleteObject(on(version)), "AccessDenied");
  await s3.putObjectLegalHold(on({ ...version, LegalHold: { Status: "ON" } }));
  assert.equal((await s3.getObjectLegalHold(on(version))).LegalHold.Status, "ON");
  await s3.putObjectLegalHold(on({ ...version, LegalHold: { Status: "OFF" } }));
  await s3.deleteObject(on({ ...version, BypassGovernanceRetention: true }));

  // everything goes
  // Once more over a remote: without its delete marker, the object of the remote is there again.
  for (let round = 0; round < (remote ? 2 : 1); round++) {
    const all = await s3.listObjectVersions(on());
    const rows = [...(all.Versions ?? []), ...(all.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
    assert.equal((await s3.deleteObjects(on({ Delete: { Objects: rows } }))).Deleted.length, rows.length);
  }
  await s3.deleteBucket(on());
  console.log("node done");
}

main();
