using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>Finds the operation that method, target, query and headers ask for.</summary>
/// <remarks>
/// The query selects sub-resources. An unknown one is rejected, not ignored: other gateways answered <c>?acl</c> with the object's bytes
/// (rule R8).
/// </remarks>
public static class OperationResolver
{
    /// <summary>Finds the operation of a request.</summary>
    /// <param name="bucket">The bucket; empty for the service.</param>
    /// <param name="key">The key; empty for the bucket itself.</param>
    /// <param name="store">
    /// The vendor of the S3 endpoint that manages the bucket alone, which may have more operations (RGW's <c>append</c>); null for other
    /// buckets.
    /// </param>
    /// <exception cref="S3Exception">MethodNotAllowed, InvalidArgument; NotImplemented for an unknown sub-resource.</exception>
    public static S3Operation Resolve(string method, string bucket, string key, S3Query query, IHeaderDictionary headers,
        StoreMake? store = null)
    {
        if (RepeatedOf(query) is { } repeated)
        {
            throw S3Exception.Argument($"The query parameter '{repeated}' is given more than once.", repeated);
        }

        var level = bucket.Length == 0 ? TargetLevel.Service : key.Length == 0 ? TargetLevel.Bucket : TargetLevel.Object;
        var table = store?.Operations ?? OperationTable.OfS3;
        var row = table.Find(method, level, query) ?? throw new S3Exception(S3Errors.MethodNotAllowed);
        var isCopy = headers.ContainsKey("x-amz-copy-source");

        // Only S3's own copies check the rights to their source.
        if (row.Operation == S3Operation.Unknown || (isCopy && row.Operation is S3Operation.StoreRead or S3Operation.StoreWrite))
        {
            throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{row.Selector}' is not supported.");
        }

        RefuseSecondSubResource(row, query);
        RefuseMisplacedSubResource(row, query);
        var operation = Refine(row.Operation, query, headers, isCopy);
        if (store is null)
        {
            RefuseVersion(operation, query);
        }

        return UnknownOf(row, table.ParametersOf(row.Operation), query) is { } unknown
            ? throw new S3Exception(S3Errors.NotImplemented, $"The sub-resource '{unknown}' is not known.")
            : operation;
    }

    /// <summary>Applies query values and headers that the table does not cover.</summary>
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

    /// <summary>Writes create versions: one that names a version would replace the current object.</summary>
    private static void RefuseVersion(S3Operation operation, S3Query query)
    {
        if (operation is S3Operation.PutObject or S3Operation.CopyObject or S3Operation.UploadPart or S3Operation.UploadPartCopy
            or S3Operation.CompleteMultipartUpload && query.Has("versionId"))
        {
            throw S3Exception.Argument("This operation does not accept a version-id.", "versionId", query["versionId"] ?? "");
        }
    }

    /// <summary>
    /// Rejects a request for two sub-resources (<c>?tagging&amp;policy</c>), as S3 does: the right to one would be judged, and the other
    /// might be served.
    /// </summary>
    private static void RefuseSecondSubResource(OperationTable.Row row, S3Query query)
    {
        if (row.Selector.Length == 0)
        {
            return;
        }

        foreach (var (name, _) in query.Parameters)
        {
            if (name != row.Selector && OperationTable.OfS3.IsSelector(name))
            {
                throw S3Exception.Argument(
                    $"Conflicting query string parameters: {row.Selector}, {name}", "ResourceType", row.Selector);
            }
        }
    }

    /// <summary>
    /// Rejects a sub-resource that the method lacks (<c>DELETE ?retention</c>, <c>PUT ?policy</c> on a key): it must not delete or replace
    /// the object or bucket itself. In reads, one with a value is an unknown parameter to S3.
    /// </summary>
    private static void RefuseMisplacedSubResource(OperationTable.Row row, S3Query query)
    {
        if (row.Selector.Length > 0 || row.Method == "HEAD")
        {
            return;
        }

        foreach (var (name, value) in query.Parameters)
        {
            if ((row.Method != "GET" || string.IsNullOrEmpty(value)) && IsKnown(name))
            {
                throw new S3Exception(S3Errors.MethodNotAllowed);
            }
        }
    }

    /// <summary>Whether S3 has a sub-resource of that name, of objects or buckets.</summary>
    private static bool IsKnown(string name) => OperationTable.OfS3.IsSelector(name) || name == "select-type";

    /// <summary>
    /// A repeated parameter that selects what a request is about (a sub-resource, version, part); null for none. A store might use another
    /// of its values than the one that was authorised.
    /// </summary>
    private static string? RepeatedOf(S3Query query)
    {
        var parameters = query.Parameters;
        for (var i = 1; i < parameters.Count; i++)
        {
            var name = parameters[i].Key;
            if (!IsSelector(name))
            {
                continue;
            }

            for (var before = 0; before < i; before++)
            {
                if (parameters[before].Key == name)
                {
                    return name;
                }
            }
        }

        return null;
    }

    private static bool IsSelector(string name) => name is "versionId" or "partNumber" or "list-type" || IsKnown(name);

    /// <summary>
    /// A name that may be a sub-resource and that the operation does not have; null for none. It is rejected (rule A1), since its meaning
    /// would be a guess: a name without value and equals sign (<c>?acl</c>), and in writes also one with an empty value, as AWS's SDK for
    /// JavaScript sends them. Other unknown parameters are ignored, as in S3, and not forwarded.
    /// </summary>
    /// <param name="row">The operation's row, which may be a store's own.</param>
    /// <param name="known">The parameters of the operation.</param>
    private static string? UnknownOf(OperationTable.Row row, IReadOnlySet<string> known, S3Query query)
    {
        var isRead = row.Method is "GET" or "HEAD";
        foreach (var (name, value) in query.Parameters)
        {
            if ((isRead ? value is null : string.IsNullOrEmpty(value))
                && !OperationTable.OfS3.Knows(name)
                && name != "x-id"
                && !known.Contains(name)
                && !name.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase))
            {
                return name;
            }
        }

        return null;
    }
}
