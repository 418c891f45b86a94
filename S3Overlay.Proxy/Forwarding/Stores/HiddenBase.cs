using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The base of a written object, as metadata that clients neither see nor send (rules P1, T5). It names its key: a store copies metadata
/// along with an object, and the base of one key is not that of another.
/// </summary>
internal static class HiddenBase
{
    /// <summary>The header.</summary>
    public const string Header = Family + "base";

    /// <summary>How all metadata of the overlay's own begins.</summary>
    public const string Family = "x-amz-meta-s3overlay-";

    private const char Separator = ';';

    /// <summary>The header's value; null if nothing can be recorded.</summary>
    public static string? ValueOf(string bucket, string key, RemoteBase known) =>
        known.ToText() is { } text ? text + Separator + NameOf(bucket, key) : null;

    /// <summary>The base in a header's value; null if there is none of this key.</summary>
    public static RemoteBase? Read(string bucket, string key, string? value) =>
        value?.IndexOf(Separator, StringComparison.Ordinal) is >= 0 and var end && value.AsSpan(end + 1).SequenceEqual(NameOf(bucket, key))
            ? RemoteBase.Parse(value[..end]) : null;

    private static string NameOf(string bucket, string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bucket + "/" + key)).AsSpan(0, 8));
}
