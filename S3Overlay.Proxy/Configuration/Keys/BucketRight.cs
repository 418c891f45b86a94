using System.IO.Enumeration;
using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>A right on the buckets, or on the keys of buckets, that a pattern names.</summary>
/// <param name="Pattern">
/// A bucket's name, with <c>*</c> and <c>?</c> as wildcards. With a slash in it, it names objects (<c>photos/2024/*</c>) and gives no right
/// on the bucket itself.
/// </param>
/// <param name="Right">What it allows.</param>
public sealed record BucketRight(string Pattern, AccessRight Right)
{
    /// <summary>Whether the pattern can match any valid bucket name and key.</summary>
    public bool MayCover()
    {
        var slash = Pattern.IndexOf('/');
        return BucketNames.MayMatch(slash < 0 ? Pattern : Pattern[..slash])
            && (slash < 0 || (slash < Pattern.Length - 1 && Encoding.UTF8
                .GetByteCount(Pattern[(slash + 1)..].Replace("*", "", StringComparison.Ordinal)) <= ObjectKeys.MaxBytes));
    }

    /// <summary>Whether the pattern matches the bucket, or the object if <paramref name="key"/> is not empty.</summary>
    public bool Covers(string bucket, string key)
    {
        var slash = Pattern.IndexOf('/');
        return slash < 0
            ? Matches(Pattern, bucket)
            : key.Length > 0 && Matches(Pattern.AsSpan(0, slash), bucket) && Matches(Pattern.AsSpan(slash + 1), key);
    }

    /// <summary>Whether the pattern matches the bucket, or can match an object in it.</summary>
    public bool CoversSome(string bucket) => Pattern.IndexOf('/') is var slash
        && Matches(slash < 0 ? Pattern : Pattern.AsSpan(0, slash), bucket);

    // Backslash is this matcher's escape character, and a plain character in a key.
    private static bool Matches(ReadOnlySpan<char> pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern.ToString().Replace("\\", "\\\\", StringComparison.Ordinal), name, ignoreCase: false);
}

/// <summary>What a key may do if a pattern matches.</summary>
public enum AccessRight
{
    /// <summary>Read objects, listings and settings.</summary>
    Read,

    /// <summary>Read, and change everything but who else may do something.</summary>
    Write,

    /// <summary>Everything: write ACLs, policies, object ownership, public access blocks and bucket logging too.</summary>
    Owner,
}
