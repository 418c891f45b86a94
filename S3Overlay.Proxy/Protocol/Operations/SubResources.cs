namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>S3's query names that select what a request is about (<c>?acl</c>).</summary>
public static class SubResources
{
    /// <summary>Those that name a bucket's configuration.</summary>
    private static readonly HashSet<string> Configurations = new(OperationTable.OfS3.Rows
            .Where(static row => row.Operation is S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration
                or S3Operation.DeleteBucketConfiguration)
            .Select(static row => row.Selector),
        StringComparer.Ordinal);

    /// <summary>
    /// Every parameter that selects what a request is about. A signature that leaves one out could be used for something else.
    /// </summary>
    public static IEnumerable<string> All => OperationTable.OfS3.Rows.Select(static row => row.Selector)
        .Where(static name => name.Length > 0).Append("select-type").Distinct();

    /// <summary>Whether S3 has a sub-resource of that name, of objects or buckets.</summary>
    public static bool IsKnown(string name) => OperationTable.OfS3.IsSelector(name) || name == "select-type";

    /// <summary>The configuration that a request is about: <c>acl</c>, <c>policy</c>, ...; null for none.</summary>
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
    /// A repeated parameter that selects what a request is about (a sub-resource, version, part); null for none. A store might use another
    /// of its values than the one that was authorised.
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
    /// A name that may be a sub-resource and that the operation does not have; null for none. It is rejected (rule A1), since its meaning
    /// would be a guess: a name without value and equals sign (<c>?acl</c>), and in writes also one with an empty value, as AWS's SDK for
    /// JavaScript sends them. Other unknown parameters are ignored, as in S3, and not forwarded.
    /// </summary>
    /// <param name="row">The operation's row, which may be a store's own.</param>
    /// <param name="known">The parameters of the operation.</param>
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
