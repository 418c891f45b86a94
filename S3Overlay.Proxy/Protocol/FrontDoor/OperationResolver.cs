using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>Names the operation that method, target, query and headers ask for.</summary>
/// <remarks>
/// Sub-resources are told by the query. One that S3 has and this table does not is refused rather than ignored: answering <c>?acl</c> with the object's
/// bytes is how other gateways went wrong (rule R8).
/// </remarks>
public static class OperationResolver
{
    /// <summary>Resolves a request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="bucket">The bucket; empty for the service.</param>
    /// <param name="key">The key; empty for the bucket itself.</param>
    /// <param name="query">The query.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="isStoresAlone">Whether the bucket is an S3 endpoint's alone, which may know sub-resources of its own (RGW's <c>append</c>).</param>
    /// <param name="isOfAws">Whether that endpoint is AWS's own.</param>
    /// <exception cref="S3Exception">MethodNotAllowed, NotImplemented for sub-resources unknown here, InvalidArgument.</exception>
    public static S3Operation Resolve(string method, string bucket, string key, S3Query query, IHeaderDictionary headers, bool isStoresAlone = false, bool isOfAws = false)
    {
        if (SubResources.RepeatedOf(query) is { } repeated)
        {
            throw new S3Exception(S3Errors.InvalidArgument, $"The query parameter '{repeated}' is given more than once.") { Details = [new("ArgumentName", repeated)] };
        }

        if (bucket.Length == 0)
        {
            return method == "GET" ? S3Operation.ListBuckets : throw new S3Exception(S3Errors.MethodNotAllowed);
        }

        if (key.Length > 0 && SubResources.AwsAloneOf(method, query) is { } name)
        {
            return isStoresAlone && (isOfAws || method == "GET") && !headers.ContainsKey("x-amz-copy-source")
                ? OfStore(method)
                : throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{name}' is not served here.");
        }

        if (isStoresAlone && OfStore(method, query, headers) is { } own)
        {
            return own;
        }

        var operation = key.Length == 0 ? OfBucket(method, query, headers) : OfObject(method, query, headers);
        RefuseMisplacedSubResource(operation, query);
        if (!isStoresAlone)
        {
            RefuseVersion(operation, query);
        }

        return SubResources.UnknownOf(method, query) is { } unknown
            ? throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{unknown}' is not known.")
            : operation;
    }

    private static S3Operation OfBucket(string method, S3Query query, IHeaderDictionary headers)
    {
        var isConfiguration = SubResources.ConfigurationOf(query) is not null;
        switch (method)
        {
            case "GET" when query.Has("location"):
                return S3Operation.GetBucketLocation;
            case "GET" when query.Has("uploads"):
                return S3Operation.ListMultipartUploads;
            case "GET" when query.Has("versions"):
                return S3Operation.ListObjectVersions;
            case "GET" when isConfiguration:
                return S3Operation.GetBucketConfiguration;
            case "GET":
                return query["list-type"] switch
                {
                    null or "" or "1" => S3Operation.ListObjects,
                    "2" => S3Operation.ListObjectsV2,
                    _ => throw new S3Exception(S3Errors.InvalidArgument, "Invalid List Type specified in Request"),
                };
            case "HEAD":
                return S3Operation.HeadBucket;
            case "PUT":
                return isConfiguration ? S3Operation.PutBucketConfiguration : S3Operation.CreateBucket;
            case "DELETE" when SubResources.ConfigurationOf(query) is { } configuration && SubResources.IsPermanent(configuration):
                throw new S3Exception(S3Errors.MethodNotAllowed);
            case "DELETE":
                return isConfiguration ? S3Operation.DeleteBucketConfiguration : S3Operation.DeleteBucket;
            case "POST" when query.Has("delete"):
                return S3Operation.DeleteObjects;
            case "POST" when isConfiguration:
                return S3Operation.PutBucketConfiguration;
            case "POST" when headers.ContentType.ToString().StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase):
                return S3Operation.PostObject;
            default:
                throw new S3Exception(S3Errors.MethodNotAllowed);
        }
    }

    private static S3Operation OfObject(string method, S3Query query, IHeaderDictionary headers)
    {
        var isCopy = headers.ContainsKey("x-amz-copy-source");
        switch (method)
        {
            case "GET":
                return query.Has("acl") ? S3Operation.GetObjectAcl
                    : query.Has("tagging") ? S3Operation.GetObjectTagging
                    : query.Has("attributes") ? S3Operation.GetObjectAttributes
                    : query.Has("legal-hold") ? S3Operation.GetObjectLegalHold
                    : query.Has("retention") ? S3Operation.GetObjectRetention
                    : query.Has("torrent") ? S3Operation.GetObjectTorrent
                    : query.Has("uploadId") ? S3Operation.ListParts
                    : S3Operation.GetObject;
            case "HEAD":
                return S3Operation.HeadObject;
            case "PUT" when query.Has("acl"):
                return S3Operation.PutObjectAcl;
            case "PUT" when query.Has("tagging"):
                return S3Operation.PutObjectTagging;
            case "PUT" when query.Has("legal-hold"):
                return S3Operation.PutObjectLegalHold;
            case "PUT" when query.Has("retention"):
                return S3Operation.PutObjectRetention;
            case "PUT" when query.Has("renameObject"):
                // A store that does not know it puts an empty object there; and the source would be deleted without a look at who may do that.
                throw new S3Exception(S3Errors.NotImplemented, "Objects can be renamed in directory buckets alone, which are not served here.");
            case "PUT" when query.Has("uploadId") != query.Has("partNumber"):
                throw new S3Exception(S3Errors.InvalidArgument, "This operation needs both uploadId and partNumber, or neither.");
            case "PUT" when query.Has("uploadId"):
                return isCopy ? S3Operation.UploadPartCopy : S3Operation.UploadPart;
            case "PUT":
                return isCopy ? S3Operation.CopyObject : S3Operation.PutObject;
            case "POST" when query.Has("uploads"):
                return S3Operation.CreateMultipartUpload;
            case "POST" when query.Has("uploadId"):
                return S3Operation.CompleteMultipartUpload;
            case "POST" when query.Has("restore"):
                return S3Operation.RestoreObject;
            case "POST" when query.Has("select"):
                return S3Operation.SelectObjectContent;
            case "DELETE" when query.Has("uploadId"):
                return S3Operation.AbortMultipartUpload;
            case "DELETE" when query.Has("tagging"):
                return S3Operation.DeleteObjectTagging;
            case "DELETE" when query.Has("acl"):
                throw new S3Exception(S3Errors.MethodNotAllowed);
            case "DELETE":
                return S3Operation.DeleteObject;
            default:
                throw new S3Exception(S3Errors.MethodNotAllowed);
        }
    }

    /// <summary>A version is what a write makes: one that names it would replace the object as it is now.</summary>
    private static void RefuseVersion(S3Operation operation, S3Query query)
    {
        if (operation is S3Operation.PutObject or S3Operation.CopyObject or S3Operation.UploadPart or S3Operation.UploadPartCopy or S3Operation.CompleteMultipartUpload && query.Has("versionId"))
        {
            throw new S3Exception(S3Errors.InvalidArgument, "This operation does not accept a version-id.")
            {
                Details = [new("ArgumentName", "versionId"), new("ArgumentValue", query["versionId"] ?? "")],
            };
        }
    }

    /// <summary>
    /// A sub-resource that a method does not have (<c>DELETE ?retention</c>, <c>PUT ?policy</c> of a key) must not become the same method on the object or
    /// bucket itself, which would be gone or replaced.
    /// </summary>
    private static void RefuseMisplacedSubResource(S3Operation operation, S3Query query)
    {
        if (operation is not (S3Operation.GetObject or S3Operation.PutObject or S3Operation.CopyObject or S3Operation.DeleteObject
            or S3Operation.ListObjects or S3Operation.ListObjectsV2 or S3Operation.CreateBucket or S3Operation.DeleteBucket))
        {
            return;
        }

        foreach (var (name, value) in query.Parameters)
        {
            if (string.IsNullOrEmpty(value) && SubResources.IsKnown(name))
            {
                throw new S3Exception(S3Errors.MethodNotAllowed);
            }
        }
    }

    /// <summary>
    /// What a sub-resource asks for that only the store may know; null where there is none, and where its meaning beside what is known here must not be guessed: of a copy, whose
    /// source has its own rights, of another sub-resource, and of a deletion, which stores make of the object or the bucket itself where they do not know the name (RGW).
    /// </summary>
    private static S3Operation? OfStore(string method, S3Query query, IHeaderDictionary headers)
    {
        if (method is not ("GET" or "HEAD" or "PUT" or "POST") || SubResources.UnknownOf(method, query) is null || headers.ContainsKey("x-amz-copy-source"))
        {
            return null;
        }

        foreach (var (name, _) in query.Parameters)
        {
            if (SubResources.IsKnown(name))
            {
                return null;
            }
        }

        return OfStore(method);
    }

    private static S3Operation OfStore(string method) => method is "GET" or "HEAD" ? S3Operation.StoreRead : S3Operation.StoreWrite;
}
