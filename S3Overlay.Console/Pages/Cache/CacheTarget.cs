using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Cache;

/// <summary>What an action is about: everything, a bucket, the keys under a prefix, or one key.</summary>
public sealed record CacheTarget(string? Bucket, string? Key, string? Prefix)
{
    /// <summary>Everything.</summary>
    public static readonly CacheTarget All = new(null, null, null);

    /// <summary>Reads a target as commands do: <c>bucket</c>, <c>bucket/prefix/</c> or <c>bucket/key</c>. Empty is everything.</summary>
    public static CacheTarget Parse(string? text)
    {
        var (bucket, name) = Split(text);
        return bucket.Length == 0 ? All
            : name.Length == 0 ? new(bucket, null, null)
            : name.EndsWith('/') ? new(bucket, null, name)
            : new(bucket, name, null);
    }

    /// <summary>Reads a filter: all keys that begin so.</summary>
    public static CacheTarget ParsePrefix(string? text)
    {
        var (bucket, name) = Split(text);
        return bucket.Length == 0 ? All : new(bucket, null, name.Length == 0 ? null : name);
    }

    /// <summary>Whether it is everything.</summary>
    public bool IsAll => Bucket is null;

    /// <summary>The parameters of a method.</summary>
    internal ProxyQuery Query(bool nameAll = true) => new ProxyQuery().With("bucket", Bucket).With("key", Key).With("prefix", Prefix)
        .With("all", nameAll && IsAll);

    /// <inheritdoc/>
    public override string ToString() => IsAll ? "all buckets" : $"{Bucket}{(Key ?? Prefix) switch { null => "", var rest => "/" + rest }}";

    private static (string Bucket, string Name) Split(string? text)
    {
        const string Scheme = "s3://";
        var name = text?.Trim() ?? "";
        name = name.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? name[Scheme.Length..] : name;
        return name.Split('/', 2) is [var bucket, var rest] ? (bucket, rest) : (name, "");
    }
}
