using System.Net;

namespace S3Overlay.Proxy.Protocol;

/// <summary>What a bucket may be called.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html</remarks>
public static class BucketNames
{
    /// <summary>
    /// Whether a bucket of this name may be made: 3 to 63 of <c>a-z 0-9 . -</c>, ends alphanumeric, no two dots together, not an IP
    /// address.
    /// </summary>
    public static bool IsValid(string name) =>
        name.Length is >= 3 and <= 63
        && IsAddressable(name)
        && !name.AsSpan().ContainsAnyInRange('A', 'Z')
        && !name.Contains('_')
        && !name.Contains("..", StringComparison.Ordinal)
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && !name.StartsWith("xn--", StringComparison.Ordinal)
        && !IsIpAddress(name);

    /// <summary>
    /// Whether the name could be some layer's bucket at all. Looser than <see cref="IsValid"/>, since remotes hold old buckets with
    /// upper case and underscores; strict enough that no name is a path.
    /// </summary>
    public static bool IsAddressable(string name)
    {
        if (name.Length is 0 or > 255 || name is "." or "..")
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The same of a bucket that may be another tenant's: <c>tenant:bucket</c>, and <c>:bucket</c> for one of no tenant, as Ceph's gateway
    /// has it. Names of a store that decides for itself what they mean; where the overlay keeps a state of its own, a second name of a
    /// bucket would lead past it.
    /// </summary>
    /// <remarks>https://docs.ceph.com/en/latest/radosgw/multitenancy/#accessing-buckets-with-explicit-tenants</remarks>
    public static bool IsAddressableWithTenant(string name) =>
        name.IndexOf(':') is >= 0 and var colon
            ? (colon == 0 || IsAddressable(name[..colon])) && IsAddressable(name[(colon + 1)..])
            : IsAddressable(name);

    /// <summary>
    /// Whether a pattern, in which <c>*</c> stands for any text and <c>?</c> for any letter, matches any name that a bucket could have, a
    /// tenant's too.
    /// </summary>
    public static bool MayMatch(string pattern)
    {
        // Whatever a wildcard stands for, it may be a letter, or be left away.
        var shortest = pattern.Replace('?', 'a').Replace("*", "", StringComparison.Ordinal);
        return IsAddressableWithTenant(shortest) || (shortest.Length < pattern.Length && shortest.Length < 255
            && IsAddressableWithTenant(pattern.Replace('?', 'a').Replace('*', 'a')));
    }

    private static bool IsIpAddress(string name) => name.AsSpan().Count('.') == 3 && IPAddress.TryParse(name, out _);
}
