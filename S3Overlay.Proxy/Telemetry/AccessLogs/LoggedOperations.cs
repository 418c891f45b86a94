using System.Collections.Frozen;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>The names of operations in Amazon's logs: <c>REST.method.resource</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html</remarks>
internal static class LoggedOperations
{
    /// <summary>The record of the source of a copy.</summary>
    public const string CopySource = "REST.COPY.OBJECT_GET", PartCopySource = "REST.COPY.PART_GET";

    /// <summary>The record of one key of DeleteObjects.</summary>
    public const string BatchDelete = "BATCH.DELETE.OBJECT";

    private const string Configuration = "BUCKETCONFIGURATION";

    /// <summary>Resources of bucket configurations, by sub-resource.</summary>
    private static readonly FrozenDictionary<string, string> Configurations = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["accelerate"] = "ACCELERATE",
        ["acl"] = "ACL",
        ["analytics"] = "ANALYTICS",
        ["cors"] = "CORS",
        ["encryption"] = "ENCRYPTION",
        ["intelligent-tiering"] = "INTELLIGENT_TIERING",
        ["inventory"] = "INVENTORY",
        ["lifecycle"] = "LIFECYCLE",
        ["logging"] = "LOGGING_STATUS",
        ["metrics"] = "METRICS",
        ["notification"] = "NOTIFICATION",
        ["object-lock"] = "OBJECT_LOCK_CONFIGURATION",
        ["ownershipControls"] = "OWNERSHIP_CONTROLS",
        ["policy"] = "BUCKETPOLICY",
        ["policyStatus"] = "POLICY_STATUS",
        ["publicAccessBlock"] = "PUBLIC_ACCESS_BLOCK",
        ["replication"] = "REPLICATION",
        ["requestPayment"] = "REQUEST_PAYMENT",
        ["tagging"] = "TAGGING",
        ["versioning"] = "VERSIONING",
        ["website"] = "WEBSITE",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The name of an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="configuration">The sub-resource of a bucket's configuration; null if it is not known.</param>
    /// <param name="isOfWebsite">Whether a website endpoint answered.</param>
    public static string NameOf(S3Operation operation, string method, string? configuration, bool isOfWebsite = false) =>
        $"{(isOfWebsite ? "WEBSITE" : "REST")}."
        + $"{(operation is S3Operation.CopyObject or S3Operation.UploadPartCopy ? "COPY" : method)}.{ResourceOf(operation, configuration)}";

    private static string ResourceOf(S3Operation operation, string? configuration) => operation switch
    {
        S3Operation.ListBuckets => "SERVICE",
        S3Operation.Preflight => "PREFLIGHT",
        S3Operation.CreateBucket or S3Operation.HeadBucket or S3Operation.DeleteBucket or S3Operation.ListObjects
            or S3Operation.ListObjectsV2 => "BUCKET",
        S3Operation.GetBucketLocation => "LOCATION",
        S3Operation.ListObjectVersions => "BUCKETVERSIONS",
        S3Operation.ListMultipartUploads or S3Operation.CreateMultipartUpload => "UPLOADS",
        S3Operation.CompleteMultipartUpload or S3Operation.AbortMultipartUpload or S3Operation.ListParts => "UPLOAD",
        S3Operation.UploadPart or S3Operation.UploadPartCopy => "PART",
        S3Operation.DeleteObjects => "MULTI_OBJECT_DELETE",
        S3Operation.GetObjectAcl or S3Operation.PutObjectAcl => "ACL",
        S3Operation.GetObjectTagging or S3Operation.PutObjectTagging or S3Operation.DeleteObjectTagging => "OBJECT_TAGGING",
        S3Operation.GetObjectLegalHold or S3Operation.PutObjectLegalHold => "LEGAL_HOLD",
        S3Operation.GetObjectRetention or S3Operation.PutObjectRetention => "RETENTION",
        S3Operation.GetObjectAttributes => "OBJECT_ATTRIBUTES",
        S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration =>
            configuration is null ? Configuration : Configurations.GetValueOrDefault(configuration, Configuration),
        S3Operation.Administration => "ADMINISTRATION",
        S3Operation.Unknown => "UNKNOWN",
        _ => "OBJECT",
    };
}
