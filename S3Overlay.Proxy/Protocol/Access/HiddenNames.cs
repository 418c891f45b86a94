using System.Collections.Frozen;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>Buckets and prefixes that do not exist for clients (rule A8). The administration sees them.</summary>
public sealed class HiddenNames
{
    /// <summary>Nothing is hidden.</summary>
    public static readonly HiddenNames None = new([]);

    private readonly FrozenDictionary<string, string[]> _prefixes;

    /// <param name="names">A bucket each, or a bucket, a slash and what keys begin with.</param>
    public HiddenNames(IEnumerable<string> names) => _prefixes = names
        .Select(static name => name.Split('/', 2) is [var bucket, var prefix] ? (Bucket: bucket, Prefix: prefix)
            : (Bucket: name, Prefix: ""))
        .GroupBy(static name => name.Bucket, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(static group => group.Key, static group => group.Any(static name => name.Prefix.Length == 0) ? []
            : group.Select(static name => name.Prefix).Distinct().ToArray(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads names, separated by commas.</summary>
    /// <exception cref="FormatException">One is no bucket and no prefix of one.</exception>
    public static HiddenNames Parse(string text)
    {
        var names = text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length == 0 ? throw new FormatException("names nothing. Write buckets or prefixes, such as secrets,photos/private/.")
            : Array.Find(names, static name => !BucketNames.IsAddressable(name.Split('/')[0]) || name.Contains('*')) is { } bad
                ? throw new FormatException(
                    $"\"{bad}\" must be a bucket, or a bucket, a slash and what keys begin with. There are no wildcards.")
            : new HiddenNames(names);
    }

    /// <summary>Whether nothing is hidden.</summary>
    public bool IsEmpty => _prefixes.Count == 0;

    /// <summary>Whether a bucket is hidden as a whole.</summary>
    public bool Hides(string bucket) => Find(bucket) is { Length: 0 };

    /// <summary>Whether a row of a listing is hidden: a key, or everything that begins with a common prefix.</summary>
    public bool Hides(string bucket, string name) => Find(bucket) is { } prefixes && (prefixes.Length == 0 || IsUnder(prefixes, name));

    /// <summary>
    /// Whether requests for a key are refused: it is hidden, or a store that keeps objects as files may take it for a key that is
    /// (<c>x/../private/a</c>).
    /// </summary>
    public bool Covers(string bucket, string key) => Find(bucket) is { } prefixes
        && (prefixes.Length == 0 || IsUnder(prefixes, key) || (IsUneven(key) && IsUnder(prefixes, Even(key))));

    /// <summary>Whether keys are hidden in a bucket that is not hidden itself; for no bucket, whether anything is hidden.</summary>
    public bool HasSome(string bucket) => bucket.Length == 0 ? !IsEmpty : Find(bucket) is { Length: > 0 };

    /// <summary>Whether keys with a prefix may be hidden.</summary>
    public bool HasSomeUnder(string bucket, string prefix) => Find(bucket) is { } prefixes && (prefixes.Length == 0
        || Array.Exists(prefixes, each => each.StartsWith(prefix, StringComparison.Ordinal))
        || IsUnder(prefixes, prefix));

    /// <summary>The hidden prefixes of a bucket that is not hidden itself.</summary>
    public IReadOnlyList<string> PrefixesIn(string bucket) => Find(bucket) ?? [];

    private static bool IsUnder(string[] prefixes, string name) =>
        Array.Exists(prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A tenant's name, or the rest of an ARN, is before a colon, and the bucket behind it.</summary>
    private string[]? Find(string bucket) => IsEmpty ? null : _prefixes.GetValueOrDefault(bucket[(bucket.LastIndexOf(':') + 1)..]);

    /// <summary>Whether a store that keeps objects as files may take a key for another one.</summary>
    private static bool IsUneven(string name) => name.StartsWith('/') || name.StartsWith("./", StringComparison.Ordinal)
        || name.StartsWith("../", StringComparison.Ordinal) || name.Contains("//", StringComparison.Ordinal)
        || name.Contains("/./", StringComparison.Ordinal) || name.Contains("/../", StringComparison.Ordinal);

    private static string Even(string name)
    {
        List<string> parts = [];
        foreach (var part in name.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case "..":
                    parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return string.Join('/', parts) + (name.EndsWith('/') ? "/" : "");
    }
}
