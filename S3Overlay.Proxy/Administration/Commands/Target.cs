namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>
/// What a command is about: <c>bucket</c>, <c>bucket/key</c>, or <c>bucket/prefix/</c>. The <c>s3://</c> of the AWS command line may
/// precede it.
/// </summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">One key; null for more.</param>
/// <param name="Prefix">A prefix that ends with a slash; null for a key or the whole bucket.</param>
internal sealed record Target(string Bucket, string? Key, string? Prefix)
{
    /// <summary>True if it names one key.</summary>
    public bool IsKey => Key is not null;

    /// <summary>Reads a target.</summary>
    public static Target Parse(string text)
    {
        const string Scheme = "s3://";
        var path = text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..] : text;
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var rest = slash < 0 ? "" : path[(slash + 1)..];
        return new(
            slash < 0 ? path : path[..slash],
            rest.Length > 0 && !rest.EndsWith('/') ? rest : null,
            rest.EndsWith('/') ? rest : null);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Bucket}{(Key ?? Prefix) switch { null => "", var rest => "/" + rest }}";
}
