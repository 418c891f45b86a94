namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>The arguments after <c>admin</c>; null if not given.</summary>
internal sealed record AdminArguments(string Call)
{
    public string? Bucket { get; private init; }

    public string? Key { get; private init; }

    public string? Prefix { get; init; }

    public bool IsForAll { get; init; }

    /// <summary>Whether <c>explain</c> sends the remote no request.</summary>
    public bool LeavesRemoteAlone { get; init; }

    /// <summary>The most rows to list.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether to print the response unchanged.</summary>
    public bool IsRaw { get; init; }

    /// <summary>A bucket, or a bucket and a key after a slash. The <c>s3://</c> of the AWS command line may precede it.</summary>
    public string? Target
    {
        init
        {
            const string Scheme = "s3://";
            var path = value?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true ? value[Scheme.Length..] : value;
            var slash = path?.IndexOf('/') ?? -1;
            Bucket = slash < 0 ? path : path![..slash];
            Key = slash >= 0 && slash + 1 < path!.Length ? path[(slash + 1)..] : null;
        }
    }

    /// <summary>The parameters of the HTTP call.</summary>
    public IEnumerable<KeyValuePair<string, string>> Parameters() => new (string Name, string? Value)[]
    {
        ("bucket", Bucket), ("key", Key), ("prefix", Prefix), ("all", IsForAll ? "true" : null),
        ("remote", LeavesRemoteAlone ? "false" : null),
    }.Where(parameter => parameter.Value is not null).Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value!));
}
