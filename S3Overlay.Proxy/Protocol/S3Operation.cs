namespace S3Overlay.Proxy.Protocol;

/// <summary>The operations of the S3 API, named as AWS names them.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html</remarks>
public enum S3Operation
{
#pragma warning disable CS1591 // each member is the operation of that name
    Unknown = 0,

    // the service
    ListBuckets, Preflight,

    // not S3: the overlay's own calls
    Administration,

    // buckets
    CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads,
    DeleteObjects, PostObject,

    // objects
    GetObject, HeadObject, PutObject, CopyObject, DeleteObject, GetObjectAttributes, GetObjectAcl, PutObjectAcl, GetObjectTagging,
    PutObjectTagging, DeleteObjectTagging, GetObjectLegalHold, PutObjectLegalHold, GetObjectRetention, PutObjectRetention, GetObjectTorrent,
    RestoreObject, SelectObjectContent,

    // multipart uploads
    CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload, ListParts,

    // sub-resources that only some stores have
    StoreRead, StoreWrite,

    // the configuration of a bucket, named in the query
    GetBucketConfiguration, PutBucketConfiguration, DeleteBucketConfiguration,
#pragma warning restore CS1591
}
