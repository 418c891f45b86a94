using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>The actions of policies, by operation.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html</remarks>
public static class PolicyActions
{
    private const string ListBucket = "s3:ListBucket";
    private const string PutObject = "s3:PutObject";

    /// <summary>Reading and writing a bucket's configuration, by sub-resource. Deleting one is writing it, unless it has its own.</summary>
    private static readonly FrozenDictionary<string, (string Get, string Put, string? Delete)> Configurations =
        new Dictionary<string, (string, string, string?)>(StringComparer.Ordinal)
        {
            ["accelerate"] = ("s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration", null),
            ["acl"] = ("s3:GetBucketAcl", "s3:PutBucketAcl", null),
            ["analytics"] = ("s3:GetAnalyticsConfiguration", "s3:PutAnalyticsConfiguration", null),
            ["cors"] = ("s3:GetBucketCORS", "s3:PutBucketCORS", null),
            ["encryption"] = ("s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", null),
            ["intelligent-tiering"] = ("s3:GetIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration", null),
            ["inventory"] = ("s3:GetInventoryConfiguration", "s3:PutInventoryConfiguration", null),
            ["lifecycle"] = ("s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", null),
            ["logging"] = ("s3:GetBucketLogging", "s3:PutBucketLogging", null),
            ["metrics"] = ("s3:GetMetricsConfiguration", "s3:PutMetricsConfiguration", null),
            ["notification"] = ("s3:GetBucketNotification", "s3:PutBucketNotification", null),
            ["object-lock"] = ("s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration", null),
            ["ownershipControls"] = ("s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls", null),
            ["policy"] = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
            ["policyStatus"] = ("s3:GetBucketPolicyStatus", "s3:PutBucketPolicy", null),
            ["publicAccessBlock"] = ("s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock", null),
            ["replication"] = ("s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration", null),
            ["requestPayment"] = ("s3:GetBucketRequestPayment", "s3:PutBucketRequestPayment", null),
            ["tagging"] = ("s3:GetBucketTagging", "s3:PutBucketTagging", null),
            ["versioning"] = ("s3:GetBucketVersioning", "s3:PutBucketVersioning", null),
            ["website"] = ("s3:GetBucketWebsite", "s3:PutBucketWebsite", "s3:DeleteBucketWebsite"),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All actions that policies may name, besides those with wildcards.</summary>
    private static readonly FrozenSet<string> Known = Configurations.Values
        .SelectMany(static each => (string?[])[each.Get, each.Put, each.Delete]).OfType<string>()
        .Concat(Enum.GetValues<S3Operation>()
            .SelectMany(static operation => (string?[])[Of(operation, null, false), Of(operation, null, true)]).OfType<string>())
        .Concat(
        [
            "s3:BypassGovernanceRetention", "s3:DeleteBucketPolicy", "s3:GetObjectVersionForReplication", "s3:InitiateReplication",
            "s3:ListAllMyBuckets", "s3:ObjectOwnerOverrideToBucketOwner", "s3:PutObjectVersionAcl", "s3:ReplicateDelete",
            "s3:ReplicateObject", "s3:ReplicateTags", "s3:UpdateObjectEncryption",
        ])
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a policy may name this action: one of S3's, or a pattern of them.</summary>
    public static bool IsKnown(string action) => action == "*" || Known.Contains(action)
        || (action.StartsWith("s3:", StringComparison.OrdinalIgnoreCase) && action.AsSpan().ContainsAny('*', '?'));

    /// <summary>The action that an operation is; null if no bucket's policy is ever asked about it.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="configuration">The sub-resource of a bucket's configuration, such as <c>policy</c>; otherwise null.</param>
    /// <param name="hasVersion">Whether the request names a version.</param>
    public static string? Of(S3Operation operation, string? configuration, bool hasVersion) => operation switch
    {
        S3Operation.CreateBucket => "s3:CreateBucket",
        S3Operation.HeadBucket or S3Operation.ListObjects or S3Operation.ListObjectsV2 => ListBucket,
        S3Operation.DeleteBucket => "s3:DeleteBucket",
        S3Operation.GetBucketLocation => "s3:GetBucketLocation",
        S3Operation.ListObjectVersions => "s3:ListBucketVersions",
        S3Operation.ListMultipartUploads => "s3:ListBucketMultipartUploads",
        S3Operation.DeleteObject or S3Operation.DeleteObjects => hasVersion ? "s3:DeleteObjectVersion" : "s3:DeleteObject",
        S3Operation.PostObject or S3Operation.PutObject or S3Operation.CopyObject or S3Operation.CreateMultipartUpload
            or S3Operation.UploadPart or S3Operation.UploadPartCopy or S3Operation.CompleteMultipartUpload => PutObject,
        S3Operation.GetObject or S3Operation.HeadObject or S3Operation.SelectObjectContent =>
            hasVersion ? "s3:GetObjectVersion" : "s3:GetObject",
        S3Operation.GetObjectAttributes => hasVersion ? "s3:GetObjectVersionAttributes" : "s3:GetObjectAttributes",
        S3Operation.GetObjectAcl => hasVersion ? "s3:GetObjectVersionAcl" : "s3:GetObjectAcl",
        S3Operation.PutObjectAcl => hasVersion ? "s3:PutObjectVersionAcl" : "s3:PutObjectAcl",
        S3Operation.GetObjectTagging => hasVersion ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging",
        S3Operation.PutObjectTagging => hasVersion ? "s3:PutObjectVersionTagging" : "s3:PutObjectTagging",
        S3Operation.DeleteObjectTagging => hasVersion ? "s3:DeleteObjectVersionTagging" : "s3:DeleteObjectTagging",
        S3Operation.GetObjectLegalHold => "s3:GetObjectLegalHold",
        S3Operation.PutObjectLegalHold => "s3:PutObjectLegalHold",
        S3Operation.GetObjectRetention => "s3:GetObjectRetention",
        S3Operation.PutObjectRetention => "s3:PutObjectRetention",
        S3Operation.GetObjectTorrent => hasVersion ? "s3:GetObjectVersionTorrent" : "s3:GetObjectTorrent",
        S3Operation.RestoreObject => "s3:RestoreObject",
        S3Operation.AbortMultipartUpload => "s3:AbortMultipartUpload",
        S3Operation.ListParts => "s3:ListMultipartUploadParts",
        S3Operation.GetBucketConfiguration => OfConfiguration(configuration)?.Get,
        S3Operation.PutBucketConfiguration => OfConfiguration(configuration)?.Put,
        S3Operation.DeleteBucketConfiguration => OfConfiguration(configuration) is var (_, put, delete) ? delete ?? put : null,
        _ => null,
    };

    private static (string Get, string Put, string? Delete)? OfConfiguration(string? name) =>
        name is null ? null
        : Configurations.TryGetValue(name, out var known) ? known
        : ($"s3:GetBucket{name}", $"s3:PutBucket{name}", null);
}
