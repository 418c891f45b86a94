using System.Buffers.Text;
using System.Text;

namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>
/// The overlay's continuation tokens (rule L1): the last row shown, and whether it was a common prefix. They need no state on the server,
/// so they survive restarts and work on any proxy. Clients treat them as opaque.
/// </summary>
public static class ContinuationTokens
{
    private const byte Version = 1;

    /// <summary>The token for the position after a row.</summary>
    public static string Write(ListingPosition position)
    {
        var bytes = new byte[2 + Encoding.UTF8.GetByteCount(position.Name)];
        bytes[0] = Version;
        bytes[1] = position.IsPrefix ? (byte)1 : (byte)0;
        Encoding.UTF8.GetBytes(position.Name, bytes.AsSpan(2));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Parses a token.</summary>
    /// <exception cref="S3Exception">InvalidArgument: not a token of this server.</exception>
    public static ListingPosition Read(string token)
    {
        if (token.Length <= 2 * ObjectKeys.MaxBytes && Base64Url.IsValid(token))
        {
            var bytes = Base64Url.DecodeFromChars(token);
            if (bytes.Length > 2 && bytes[0] == Version && bytes[1] <= 1 && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(2)))
            {
                return new ListingPosition(Encoding.UTF8.GetString(bytes, 2, bytes.Length - 2), bytes[1] == 1);
            }
        }

        throw S3Exception.Argument("The continuation token provided is incorrect", "continuation-token");
    }
}
