namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>The names in a query that choose what is asked for (<c>?acl</c>), as S3 has them.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html</remarks>
public static class SubResources
{
    /// <summary>Those that are a bucket's configuration.</summary>
    private static readonly HashSet<string> Configurations = new(StringComparer.Ordinal)
    {
        "abac", "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "lifecycle", "logging",
        "metadataAnnotationTable", "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "notification", "object-lock",
        "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "tagging", "versioning", "website",
    };

    /// <summary>Those of them that can be changed but not deleted. Stores that do not know that (RGW) take their deletion for the bucket's.</summary>
    private static readonly HashSet<string> Permanent = new(StringComparer.Ordinal)
    {
        "abac", "accelerate", "acl", "logging", "metadataAnnotationTable", "metadataInventoryTable", "metadataJournalTable", "object-lock", "policyStatus", "requestPayment", "versioning",
    };

    private static readonly HashSet<string> Others = new(StringComparer.Ordinal)
    {
        "acl", "annotation", "tagging", "attributes", "legal-hold", "retention", "torrent", "uploadId", "uploads", "restore", "select", "select-type", "renameObject",
        "location", "versions", "delete",
    };

    /// <summary>Names that may stand in a query without a value and ask for nothing of their own.</summary>
    private static readonly HashSet<string> PlainParameters = new(StringComparer.Ordinal)
    {
        "prefix", "delimiter", "marker", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner", "list-type", "x-id",
        "key-marker", "upload-id-marker", "version-id-marker", "part-number-marker", "max-parts", "max-uploads", "max-buckets", "versionId",
        "partNumber", "uploadId", "bucket-region", "session", "id", "allow-unordered",
    };

    /// <summary>Every parameter that chooses what is asked for: a signature that leaves one open could be used for something else.</summary>
    public static IEnumerable<string> All => Others.Concat(Configurations);

    /// <summary>Whether S3 has a sub-resource of that name, of objects or of buckets.</summary>
    public static bool IsKnown(string name) => Others.Contains(name) || Configurations.Contains(name);

    /// <summary>
    /// A parameter that chooses what a request is about (a sub-resource, a version, a part) and is there more than once; null where there is none. Whoever reads the request next, such as
    /// a store, might take another of its values than the one that was authorised.
    /// </summary>
    public static string? RepeatedOf(S3Query query)
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

    /// <summary>Whether that configuration of a bucket can be changed, but not deleted.</summary>
    public static bool IsPermanent(string configuration) => Permanent.Contains(configuration);

    /// <summary>Which configuration a request is about: <c>acl</c>, <c>policy</c>, ...; null where it is about none.</summary>
    public static string? ConfigurationOf(S3Query query)
    {
        foreach (var parameter in query.Parameters)
        {
            if (Configurations.Contains(parameter.Key))
            {
                return parameter.Key;
            }
        }

        return null;
    }

    /// <summary>
    /// What of an object is asked for that AWS alone is known to have; null where nothing is. Other stores take such a request for one about the object itself, which would be replaced by
    /// an annotation, or deleted with one.
    /// </summary>
    public static string? AwsAloneOf(string method, S3Query query) =>
        query.Has("annotation") ? "annotation"
        : method == "PUT" && query.Has("encryption") ? "encryption"
        : null;

    /// <summary>
    /// A name that may be a sub-resource's, and that nobody here knows; null where there is none. It is refused (rule A1), since its meaning would be guessed otherwise: one with neither a
    /// value nor an equals sign, which is how sub-resources are written (<c>?acl</c>), and, where something is to be changed, one with an empty value, which is how some clients write
    /// them (AWS's for JavaScript). Others are ignored, as S3 ignores them.
    /// </summary>
    public static string? UnknownOf(string method, S3Query query)
    {
        var isRead = method is "GET" or "HEAD";
        foreach (var (name, value) in query.Parameters)
        {
            if ((isRead ? value is null : string.IsNullOrEmpty(value))
                && !IsKnown(name)
                && !PlainParameters.Contains(name)
                && !name.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase))
            {
                return name;
            }
        }

        return null;
    }
}
