using static S3Overlay.Proxy.Protocol.Operations.TargetLevel;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>The operations of S3: method, target, sub-resource, query parameters.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html, and the model of AWSSDK.S3 4.1
/// (November 2026).
/// </remarks>
internal static class S3Operations
{
    /// <summary>The version of an object. For writes it is rejected here, or by the store that manages the bucket.</summary>
    private const string Version = "versionId";

    private static readonly string[] Overrides =
    [
        "response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
        "response-content-type", "response-expires",
    ];

    /// <summary>The configurations of a bucket, with their methods.</summary>
    private static readonly (string Name, string Methods)[] Configurations =
    [
        ("abac", "GET PUT"), ("accelerate", "GET PUT"), ("acl", "GET PUT"), ("analytics", "GET PUT DELETE"), ("cors", "GET PUT DELETE"),
        ("encryption", "GET PUT DELETE"),
        ("intelligent-tiering", "GET PUT DELETE"), ("inventory", "GET PUT DELETE"), ("lifecycle", "GET PUT DELETE"), ("logging", "GET PUT"),
        ("metadataAnnotationTable", "GET PUT"),
        ("metadataConfiguration", "GET POST DELETE"), ("metadataInventoryTable", "GET PUT"), ("metadataJournalTable", "GET PUT"),
        ("metadataTable", "GET POST DELETE"), ("metrics", "GET PUT DELETE"),
        ("notification", "GET PUT"), ("object-lock", "GET PUT"), ("ownershipControls", "GET PUT DELETE"), ("policy", "GET PUT DELETE"),
        ("policyStatus", "GET"), ("publicAccessBlock", "GET PUT DELETE"),
        ("replication", "GET PUT DELETE"), ("requestPayment", "GET PUT"), ("tagging", "GET PUT DELETE"), ("versioning", "GET PUT"),
        ("website", "GET PUT DELETE"),
    ];

    /// <summary>All rows.</summary>
    public static readonly IReadOnlyList<OperationTable.Row> Rows =
    [
        new("GET", Service, "", S3Operation.ListBuckets, "bucket-region", "continuation-token", "max-buckets", "prefix"),

        new("GET", Bucket, "location", S3Operation.GetBucketLocation),
        new("GET", Bucket, "uploads", S3Operation.ListMultipartUploads, "delimiter", "encoding-type", "key-marker", "max-uploads", "prefix",
            "upload-id-marker"),
        new("GET", Bucket, "versions", S3Operation.ListObjectVersions, "delimiter", "encoding-type", "key-marker", "max-keys", "prefix",
            "version-id-marker"),
        new("GET", Bucket, "session", S3Operation.Unknown),
        .. Configurations.SelectMany(static each => each.Methods.Split(' ')
            .Select(method => new OperationTable.Row(method, Bucket, each.Name, ConfigurationBy(method), "id", "continuation-token"))),
        new("GET", Bucket, "", S3Operation.ListObjects, "list-type", "delimiter", "encoding-type", "marker", "max-keys", "prefix"),
        new("GET", Bucket, "", S3Operation.ListObjectsV2, "list-type", "continuation-token", "delimiter", "encoding-type", "fetch-owner",
            "max-keys", "prefix", "start-after"),
        new("HEAD", Bucket, "", S3Operation.HeadBucket),
        new("PUT", Bucket, "", S3Operation.CreateBucket),
        new("DELETE", Bucket, "", S3Operation.DeleteBucket),
        new("POST", Bucket, "delete", S3Operation.DeleteObjects),
        new("POST", Bucket, "", S3Operation.PostObject),

        // Other stores apply these to the object itself: they would replace or delete it.
        .. ((string[])["GET", "PUT", "DELETE"])
            .Select(static method => new OperationTable.Row(method, TargetLevel.Object, "annotation", S3Operation.Unknown)),
        new("PUT", TargetLevel.Object, "encryption", S3Operation.Unknown),

        // A store that does not know it creates an empty object, and the source would be deleted without an access check.
        new("PUT", TargetLevel.Object, "renameObject", S3Operation.Unknown),

        new("GET", TargetLevel.Object, "acl", S3Operation.GetObjectAcl, Version),
        new("GET", TargetLevel.Object, "tagging", S3Operation.GetObjectTagging, Version),
        new("GET", TargetLevel.Object, "attributes", S3Operation.GetObjectAttributes, Version),
        new("GET", TargetLevel.Object, "legal-hold", S3Operation.GetObjectLegalHold, Version),
        new("GET", TargetLevel.Object, "retention", S3Operation.GetObjectRetention, Version),
        new("GET", TargetLevel.Object, "torrent", S3Operation.GetObjectTorrent),
        new("GET", TargetLevel.Object, "uploadId", S3Operation.ListParts, "encoding-type", "max-parts", "part-number-marker"),
        new("GET", TargetLevel.Object, "", S3Operation.GetObject, [Version, "partNumber", .. Overrides]),
        new("HEAD", TargetLevel.Object, "", S3Operation.HeadObject, [Version, "partNumber", .. Overrides]),
        new("PUT", TargetLevel.Object, "acl", S3Operation.PutObjectAcl, Version),
        new("PUT", TargetLevel.Object, "tagging", S3Operation.PutObjectTagging, Version),
        new("PUT", TargetLevel.Object, "legal-hold", S3Operation.PutObjectLegalHold, Version),
        new("PUT", TargetLevel.Object, "retention", S3Operation.PutObjectRetention, Version),
        new("PUT", TargetLevel.Object, "uploadId", S3Operation.UploadPart, "partNumber", Version),
        new("PUT", TargetLevel.Object, "uploadId", S3Operation.UploadPartCopy, "partNumber", Version),
        new("PUT", TargetLevel.Object, "", S3Operation.PutObject, Version),
        new("PUT", TargetLevel.Object, "", S3Operation.CopyObject, Version),
        new("POST", TargetLevel.Object, "uploads", S3Operation.CreateMultipartUpload),
        new("POST", TargetLevel.Object, "uploadId", S3Operation.CompleteMultipartUpload, Version),
        new("POST", TargetLevel.Object, "restore", S3Operation.RestoreObject, Version),
        new("POST", TargetLevel.Object, "select", S3Operation.SelectObjectContent, "select-type"),
        new("DELETE", TargetLevel.Object, "uploadId", S3Operation.AbortMultipartUpload),
        new("DELETE", TargetLevel.Object, "tagging", S3Operation.DeleteObjectTagging, Version),
        new("DELETE", TargetLevel.Object, "", S3Operation.DeleteObject, Version),
    ];

    private static S3Operation ConfigurationBy(string method) => method switch
    {
        "GET" => S3Operation.GetBucketConfiguration,
        "DELETE" => S3Operation.DeleteBucketConfiguration,
        _ => S3Operation.PutBucketConfiguration,
    };
}
