using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The names of what the overlay keeps in its cache bucket: tombstones <c>t/bucket/key</c>, marks of deleted buckets <c>b/bucket</c>, and
/// of what is held of the remote whole copies <c>c/</c>, chunks <c>k/</c> and listing rows <c>r/</c>, named alike.
/// </summary>
/// <remarks>
/// <para>
/// A key's name is made of characters that every store takes, and keeps what listings need: names sort as the UTF-8 bytes of their keys,
/// and what keys begin with, encoded, is what their names begin with.
/// </para>
/// <code>
///   0-9 A-Z a-z    themselves
/// other bytes    two hex digits behind a sign that sorts where the byte does:  ! below 0,  = between 9 and A,  _ between Z and a,  ~ above
/// z
///   /              before a byte whose segment already has 160 characters: file systems end at 255
///   !              the end, which sorts before all that could go on. So no name is ever the folder of another
/// -              in place of the end: the encoding is longer than 768, is cut there, and a SHA-256 of the key follows. The object's body
/// tells the key
/// </code>
/// <para>Cut names that begin alike are in no particular order among themselves: whoever lists sorts them by their keys.</para>
/// </remarks>
internal static class CacheNames
{
    /// <summary>
    /// The longest encoding, in characters, that is not cut. With kind, bucket and hash, 125 bytes are left of the 1024 that a name may
    /// have.
    /// </summary>
    public const int LongestEncoding = 768;

    private const int LongestSegment = 160;

    private const int LongestBucket = 63;

    private const char End = '!';

    private const char Cut = '-';

    private const string Hex = "0123456789ABCDEF";

    /// <summary>What the names of all tombstones begin with.</summary>
    public const string AllTombstones = "t/";

    /// <summary>What the names of all marks of deleted buckets begin with.</summary>
    public const string BucketMarks = "b/";

    /// <summary>The tombstone of a key.</summary>
    public static string Tombstone(string bucket, string key) => Tombstones(bucket) + OfKey(key);

    /// <summary>What the names of a bucket's tombstones begin with.</summary>
    public static string Tombstones(string bucket) => $"{AllTombstones}{OfBucket(bucket)}/";

    /// <summary>The mark that a bucket was deleted here.</summary>
    public static string BucketMark(string bucket) => $"{BucketMarks}{OfBucket(bucket)}";

    /// <summary>A whole copy of a remote object.</summary>
    public static string Copy(string bucket, string key) => Copies(bucket) + OfKey(key);

    /// <summary>What the names of a bucket's whole copies begin with.</summary>
    public static string Copies(string bucket) => $"c/{OfBucket(bucket)}/";

    /// <summary>What the names of a key's chunks begin with. No object has this very name: it is a folder.</summary>
    public static string Chunks(string bucket, string key) => $"k/{OfBucket(bucket)}/{OfKey(key)}/";

    /// <summary>What a listing compares of a copy.</summary>
    public static string Row(string bucket, string key) => Rows(bucket) + OfKey(key);

    /// <summary>What the names of a bucket's rows begin with.</summary>
    public static string Rows(string bucket) => $"r/{OfBucket(bucket)}/";

    /// <summary>The name of a whole key, below whatever kind and bucket: at most 833 characters.</summary>
    public static string OfKey(string key)
    {
        var encoded = Encode(key);
        return encoded.Length <= LongestEncoding
            ? encoded + End
            : $"{encoded.AsSpan(0, LongestEncoding)}{Cut}{Hash(key)}";
    }

    /// <summary>
    /// What the names of keys that start with <paramref name="prefix"/> begin with. Names of other keys may, where it is cut: check the
    /// key.
    /// </summary>
    public static string OfPrefix(string prefix) => Limited(Encode(prefix));

    /// <summary>
    /// The name to start after for keys behind <paramref name="key"/>, which may be longer than keys are. Where it is cut, keys up to it
    /// may follow: check the key.
    /// </summary>
    public static string StartAfter(string key) => Limited(Encode(key)) + End;

    /// <summary>
    /// The encoding of a key, or of what keys start with, of whatever length: neither cut nor ended.
    /// </summary>
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

    /// <summary>The key of a name, which is given without kind and bucket.</summary>
    /// <returns>False where the name is cut (<see cref="IsCut"/>), or is none of ours.</returns>
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

        // One name for one key: what decodes otherwise was not put there by us.
        return name.SequenceEqual(OfKey(key));
    }

    /// <summary>Whether a name, given without kind and bucket, is a cut one, so that only the object's body tells its key.</summary>
    public static bool IsCut(ReadOnlySpan<char> name) =>
        name.Length == LongestEncoding + 1 + (2 * SHA256.HashSizeInBytes) && name[LongestEncoding] == Cut;

    /// <summary>What a cut name has in common with those of which only the keys tell the order.</summary>
    public static ReadOnlySpan<char> StartOfCut(ReadOnlySpan<char> name) => name[..LongestEncoding];

    /// <summary>Remotes hold old buckets with names of up to 255 characters. A tilde is in none of them.</summary>
    private static string OfBucket(string bucket) => bucket.Length <= LongestBucket ? bucket
        : string.Concat("~", Hash(bucket).AsSpan(0, LongestBucket - 1));

    /// <summary>Whether a bucket's name is written as its hash, so that only an object's content tells it.</summary>
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
