using System.Buffers;
using System.Net;

namespace S3Overlay.Proxy.Protocol;

/// <summary>Valid bucket names.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html</remarks>
public static class BucketNames
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <summary>
    /// Whether a bucket may be created with this name: 3 to 63 of <c>a-z 0-9 . -</c>, alphanumeric ends, no two dots in a row, no label
    /// that starts or ends with a hyphen, not an IP address.
    /// </summary>
    public static bool IsValid(string name) =>
        name.Length is >= 3 and <= 63
        && IsAddressable(name)
        && !name.AsSpan().ContainsAnyInRange('A', 'Z')
        && !name.Contains('_')
        && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains(".-", StringComparison.Ordinal)
        && !name.Contains("-.", StringComparison.Ordinal)
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && !name.StartsWith("xn--", StringComparison.Ordinal)
        && !IsIpAddress(name);

    /// <summary>
    /// Whether a layer could have such a bucket. Looser than <see cref="IsValid"/>, since remotes have old buckets with upper case and
    /// underscores; strict enough that no name is a path.
    /// </summary>
    public static bool IsAddressable(string name) =>
        name.Length is > 0 and <= 255 && name is not ("." or "..") && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>
    /// Also accepts buckets of other tenants: <c>tenant:bucket</c>, and <c>:bucket</c> for one without a tenant, as in Ceph's gateway. Only
    /// for buckets that a store manages alone: a second name for an overlaid bucket would bypass the overlay's state.
    /// </summary>
    /// <remarks>https://docs.ceph.com/en/latest/radosgw/multitenancy/#accessing-buckets-with-explicit-tenants</remarks>
    public static bool IsAddressableWithTenant(string name) =>
        name.IndexOf(':') is >= 0 and var colon
            ? (colon == 0 || IsAddressable(name[..colon])) && IsAddressable(name[(colon + 1)..])
            : IsAddressable(name);

    /// <summary>
    /// Whether a pattern, with <c>*</c> for any text and <c>?</c> for any character, matches a possible bucket name, including a tenant's.
    /// </summary>
    public static bool MayMatch(string pattern)
    {
        // A wildcard may match one letter, or nothing.
        var shortest = pattern.Replace('?', 'a').Replace("*", "", StringComparison.Ordinal);
        return IsAddressableWithTenant(shortest) || (shortest.Length < pattern.Length && shortest.Length < 255
            && IsAddressableWithTenant(pattern.Replace('?', 'a').Replace('*', 'a')));
    }

    private static bool IsIpAddress(string name) => name.AsSpan().Count('.') == 3 && IPAddress.TryParse(name, out _);
}
