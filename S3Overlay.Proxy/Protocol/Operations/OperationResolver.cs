using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>Names the operation that method, target, query and headers ask for, by the table of those there are.</summary>
/// <remarks>
/// Sub-resources are told by the query. One that is not in the table is refused rather than ignored: answering <c>?acl</c> with the
/// object's bytes is how other gateways went wrong (rule R8).
/// </remarks>
public static class OperationResolver
{
    /// <summary>Resolves a request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="bucket">The bucket; empty for the service.</param>
    /// <param name="key">The key; empty for the bucket itself.</param>
    /// <param name="query">The query.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="store">The make of the S3 endpoint whose bucket alone it is, which may have operations of its own (RGW's
    /// <c>append</c>); null for any other bucket.</param>
    /// <exception cref="S3Exception">MethodNotAllowed, NotImplemented for sub-resources unknown here, InvalidArgument.</exception>
    public static S3Operation Resolve(string method, string bucket, string key, S3Query query, IHeaderDictionary headers,
        StoreMake? store = null)
    {
        if (SubResources.RepeatedOf(query) is { } repeated)
        {
            throw new S3Exception(S3Errors.InvalidArgument, $"The query parameter '{repeated}' is given more than once.")
                { Details = [new("ArgumentName", repeated)] };
        }

        var level = bucket.Length == 0 ? TargetLevel.Service : key.Length == 0 ? TargetLevel.Bucket : TargetLevel.Object;
        var table = store?.Operations ?? OperationTable.OfS3;
        var row = table.Find(method, level, query) ?? throw new S3Exception(S3Errors.MethodNotAllowed);
        var isCopy = headers.ContainsKey("x-amz-copy-source");

        // The source of a copy has rights of its own, which only S3's copies have looked at.
        if (row.Operation == S3Operation.Unknown || (isCopy && row.Operation is S3Operation.StoreRead or S3Operation.StoreWrite))
        {
            throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{row.Selector}' is not served here.");
        }

        RefuseMisplacedSubResource(row, query);
        var operation = Refine(row.Operation, query, headers, isCopy);
        if (store is null)
        {
            RefuseVersion(operation, query);
        }

        return SubResources.UnknownOf(row, table.ParametersOf(row.Operation), query) is { } unknown
            ? throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{unknown}' is not known.")
            : operation;
    }

    /// <summary>What the query's values and the headers say beside the table.</summary>
    private static S3Operation Refine(S3Operation operation, S3Query query, IHeaderDictionary headers, bool isCopy)
    {
        switch (operation)
        {
            case S3Operation.ListObjects:
                return query["list-type"] switch
                {
                    null or "" or "1" => S3Operation.ListObjects,
                    "2" => S3Operation.ListObjectsV2,
                    _ => throw new S3Exception(S3Errors.InvalidArgument, "Invalid List Type specified in Request"),
                };
            case S3Operation.PostObject when !headers.ContentType.ToString()
                .StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase):
                throw new S3Exception(S3Errors.MethodNotAllowed);
            case S3Operation.PutObject or S3Operation.UploadPart when query.Has("partNumber") != (operation == S3Operation.UploadPart):
                throw new S3Exception(S3Errors.InvalidArgument, "This operation needs both uploadId and partNumber, or neither.");
            case S3Operation.PutObject when isCopy:
                return S3Operation.CopyObject;
            case S3Operation.UploadPart when isCopy:
                return S3Operation.UploadPartCopy;
            default:
                return operation;
        }
    }

    /// <summary>A version is what a write makes: one that names it would replace the object as it is now.</summary>
    private static void RefuseVersion(S3Operation operation, S3Query query)
    {
        if (operation is S3Operation.PutObject or S3Operation.CopyObject or S3Operation.UploadPart or S3Operation.UploadPartCopy
            or S3Operation.CompleteMultipartUpload && query.Has("versionId"))
        {
            throw new S3Exception(S3Errors.InvalidArgument, "This operation does not accept a version-id.")
            {
                Details = [new("ArgumentName", "versionId"), new("ArgumentValue", query["versionId"] ?? "")],
            };
        }
    }

    /// <summary>
    /// A sub-resource that a method does not have (<c>DELETE ?retention</c>, <c>PUT ?policy</c> of a key) must not become the same method
    /// on the object or bucket itself, which would be gone or replaced. In reads one with a value is a parameter that S3 does not know.
    /// </summary>
    private static void RefuseMisplacedSubResource(OperationRow row, S3Query query)
    {
        if (row.Selector.Length > 0 || row.Method == "HEAD")
        {
            return;
        }

        foreach (var (name, value) in query.Parameters)
        {
            if ((row.Method != "GET" || string.IsNullOrEmpty(value)) && SubResources.IsKnown(name))
            {
                throw new S3Exception(S3Errors.MethodNotAllowed);
            }
        }
    }
}
