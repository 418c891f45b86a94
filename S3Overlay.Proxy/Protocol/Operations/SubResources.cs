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

    /// <summary>The configuration that a request is about: <c>acl</c>, <c>policy</c>, ...; null for none.</summary>
    public static string? ConfigurationOf(S3Query query) =>
        query.Parameters.FirstOrDefault(static parameter => Configurations.Contains(parameter.Key)).Key;
}
