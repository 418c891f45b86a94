using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Names in the cache bucket: tombstones <c>t/bucket/key</c>, marks of deleted buckets <c>b/bucket</c>, and cache entries: whole ones
/// <c>c/</c>, chunks <c>k/</c> and listing rows <c>r/</c>.
/// </summary>
/// <remarks>
/// <para>
/// Names of keys use characters that every store accepts. They sort like the UTF-8 bytes of their keys, and the encoding of a prefix is a
/// prefix of the names.
/// </para>
/// <code>
///   0-9 A-Z a-z    themselves
///   other bytes    two hex digits after a sign that sorts like the byte:  ! below 0,  = between 9 and A,  _ between Z and a,  ~ above z
///   /              before a byte whose segment already has 160 characters: file systems end at 255
///   !              the end, which sorts before every continuation, so no name is the folder of another
///   -              instead of the end: an encoding longer than 768 is cut there, and a SHA-256 of the key follows. The body has the key
/// </code>
/// <para>Cut names with the same beginning are in no particular order: sort them by their keys.</para>
/// </remarks>
internal static class CacheNames
{
    /// <summary>The longest encoding that is not cut. With kind, bucket and hash, 125 of a name's 1024 bytes are left.</summary>
    public const int LongestEncoding = 768;

    private const int LongestSegment = 160;

    private const int LongestBucket = 63;

    private const char End = '!';

    private const char Cut = '-';

    private const string Hex = "0123456789ABCDEF";

    /// <summary>The prefix of all tombstones.</summary>
    public const string AllTombstones = "t/";

    /// <summary>The prefix of all marks of deleted buckets.</summary>
    public const string BucketMarks = "b/";

    /// <summary>The tombstone of a key.</summary>
    public static string Tombstone(string bucket, string key) => Tombstones(bucket) + OfKey(key);

    /// <summary>The prefix of a bucket's tombstones.</summary>
    public static string Tombstones(string bucket) => $"{AllTombstones}{OfBucket(bucket)}/";

    /// <summary>The mark of a deleted bucket.</summary>
    public static string BucketMark(string bucket) => $"{BucketMarks}{OfBucket(bucket)}";

    /// <summary>The object of a whole entry, or the manifest of a chunked one.</summary>
    public static string Entry(string bucket, string key) => Entries(bucket) + OfKey(key);

    /// <summary>The prefix of a bucket's entries.</summary>
    public static string Entries(string bucket) => $"c/{OfBucket(bucket)}/";

    /// <summary>The prefix of a key's chunks. No object has this exact name.</summary>
    public static string Chunks(string bucket, string key) => $"k/{OfBucket(bucket)}/{OfKey(key)}/";

    /// <summary>The prefix of a key's listing rows.</summary>
    public static string Row(string bucket, string key) => Rows(bucket) + OfKey(key);

    /// <summary>The prefix of a bucket's listing rows.</summary>
    public static string Rows(string bucket) => $"r/{OfBucket(bucket)}/";

    /// <summary>The encoded key, without kind and bucket: at most 833 characters.</summary>
    public static string OfKey(string key)
    {
        var encoded = Encode(key);
        return encoded.Length <= LongestEncoding ? encoded + End : $"{encoded.AsSpan(0, LongestEncoding)}{Cut}{Hash(key)}";
    }

    /// <summary>
    /// The prefix of the names of keys that start with <paramref name="prefix"/>. If it is cut, other keys may match: check the key.
    /// </summary>
    public static string OfPrefix(string prefix) => Limited(Encode(prefix));

    /// <summary>
    /// The name to start after for keys after <paramref name="key"/>, which may be longer than keys are. If it is cut, earlier keys may
    /// follow: check the key.
    /// </summary>
    public static string StartAfter(string key) => Limited(Encode(key)) + End;

    /// <summary>Encodes a key or a prefix of any length, without cut and end.</summary>
    public static string Encode(string key)
    {
        var text = new StringBuilder(key.Length + (key.Length >> 1));
        var segment = 0;
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            if (segment >= LongestSegment)
            {
                text.Append('/');
                segment = 0;
            }

            if (char.IsAsciiLetterOrDigit((char)b))
            {
                text.Append((char)b);
                segment++;
            }
            else
            {
                text.Append(SignOf(b)).Append(Hex[b >> 4]).Append(Hex[b & 15]);
                segment += 3;
            }
        }

        return text.ToString();
    }

    /// <summary>Decodes a name without kind and bucket.</summary>
    /// <returns>False if the name is cut (<see cref="IsCut"/>) or not valid.</returns>
    public static bool TryDecode(ReadOnlySpan<char> name, out string key)
    {
        key = "";
        if (name.Length < 2 || name[^1] != End || name.Length > LongestEncoding + 1)
        {
            return false;
        }

        var bytes = new byte[name.Length];
        var length = 0;
        for (var i = 0; i < name.Length - 1; i++)
        {
            if (char.IsAsciiLetterOrDigit(name[i]))
            {
                bytes[length++] = (byte)name[i];
            }
            else if (name[i] != '/')
            {
                if (i + 3 >= name.Length || !byte.TryParse(name.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture, out bytes[length++]))
                {
                    return false;
                }

                i += 2;
            }
        }

        key = Encoding.UTF8.GetString(bytes, 0, length);

        // Each key has one name. A name that encodes differently is not ours.
        return name.SequenceEqual(OfKey(key));
    }

    /// <summary>True if a name without kind and bucket is cut: only the object's body has its key.</summary>
    public static bool IsCut(ReadOnlySpan<char> name) =>
        name.Length == LongestEncoding + 1 + (2 * SHA256.HashSizeInBytes) && name[LongestEncoding] == Cut;

    /// <summary>The part that cut names share whose order only their keys show.</summary>
    public static ReadOnlySpan<char> StartOfCut(ReadOnlySpan<char> name) => name[..LongestEncoding];

    /// <summary>Remotes have old buckets with names up to 255 characters. None contains a tilde.</summary>
    private static string OfBucket(string bucket) => bucket.Length <= LongestBucket ? bucket
        : string.Concat("~", Hash(bucket).AsSpan(0, LongestBucket - 1));

    /// <summary>True if the bucket's name is written as a hash: only the object's body has it.</summary>
    public static bool IsHashed(string bucket) => bucket.StartsWith('~');

    private static char SignOf(byte b) => b switch
    {
        < (byte)'0' => '!',
        < (byte)'A' => '=',
        < (byte)'a' => '_',
        _ => '~',
    };

    private static string Limited(string encoded) => encoded.Length <= LongestEncoding ? encoded : encoded[..LongestEncoding];

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
