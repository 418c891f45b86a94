using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>Operations as Amazon S3's server access logs name them: <c>REST.method.resource</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html</remarks>
internal static class S3OperationNames
{
    /// <summary>The name of an operation.</summary>
    public static string Of(S3Operation operation, string method)
    {
        var verb = operation is S3Operation.CopyObject or S3Operation.UploadPartCopy ? "COPY" : method;
        return $"REST.{verb}.{Resource(operation)}";
    }

    private static string Resource(S3Operation operation) => operation switch
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
            "BUCKETCONFIGURATION",
        S3Operation.Administration => "ADMINISTRATION",
        S3Operation.Unknown => "UNKNOWN",
        _ => "OBJECT",
    };
}
