namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>The names in a query that choose what is asked for (<c>?acl</c>), as S3 has them.</summary>
public static class SubResources
{
    /// <summary>Those that are a bucket's configuration.</summary>
    private static readonly HashSet<string> Configurations = new(
        OperationTable.OfS3.Rows
            .Where(static row => row.Operation is S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration
                or S3Operation.DeleteBucketConfiguration)
            .Select(static row => row.Selector),
        StringComparer.Ordinal);

    /// <summary>
    /// Every parameter that chooses what is asked for: a signature that leaves one open could be used for something else.
    /// </summary>
    public static IEnumerable<string> All => OperationTable.OfS3.Rows.Select(static row => row.Selector)
        .Where(static name => name.Length > 0).Append("select-type").Distinct();

    /// <summary>Whether S3 has a sub-resource of that name, of objects or of buckets.</summary>
    public static bool IsKnown(string name) => OperationTable.OfS3.IsSelector(name) || name == "select-type";

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
    /// A parameter that chooses what a request is about (a sub-resource, a version, a part) and is there more than once; null where there
    /// is none. Whoever reads the request next, such as a store, might take another of its values than the one that was authorised.
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

    /// <summary>
    /// A name that may be a sub-resource's, and that the operation found does not have; null where there is none. It is refused (rule A1),
    /// since its meaning would be guessed otherwise: one with neither a value nor an equals sign, which is how sub-resources are written
    /// (<c>?acl</c>), and, where something is to be changed, one with an empty value, which is how some clients write them (AWS's for
    /// JavaScript). Others are ignored, as S3 ignores them, and do not go on to a store.
    /// </summary>
    /// <param name="row">The operation's row, which may be a store's own.</param>
    /// <param name="known">The parameters that the operation knows.</param>
    /// <param name="query">The query.</param>
    public static string? UnknownOf(OperationRow row, IReadOnlySet<string> known, S3Query query)
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
