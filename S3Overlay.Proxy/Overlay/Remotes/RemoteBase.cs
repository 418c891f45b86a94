using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// The remote's object that a write or delete hides, as this proxy last knew it (rule P1). It is recorded with the change, so that a later
/// change at the remote is noticed.
/// </summary>
/// <param name="ETag">As the remote sent it; empty if it sent none, or had no such key.</param>
/// <param name="Size">In bytes; negative if there is no object to compare.</param>
/// <param name="Date">The object's date in whole seconds. For <see cref="UnknownSince"/>: when the key was first changed here.</param>
public sealed record RemoteBase(string ETag, long Size, DateTimeOffset Date)
{
    /// <summary>The longest text that is recorded. What is longer counts as unknown.</summary>
    public const int LongestText = 250;

    private const long NoObject = -1;
    private const long NotKnown = -2;

    /// <summary>The remote had no such key.</summary>
    public static readonly RemoteBase Absent = new("", NoObject, DateTimeOffset.UnixEpoch);

    /// <summary>True if the remote had no such key.</summary>
    public bool IsAbsent => Size == NoObject;

    /// <summary>True if nothing is known but how long the remote has been hidden.</summary>
    public bool IsUnknown => Size == NotKnown;

    /// <summary>The remote's object.</summary>
    public static RemoteBase Of(ObjectInfo info) => new(info.ETag, info.Size, HttpDates.WholeSeconds(info.LastModified));

    /// <summary>Nothing is known of the remote's object at <paramref name="first"/>, when the key was first changed here.</summary>
    public static RemoteBase UnknownSince(DateTimeOffset first) => new("", NotKnown, HttpDates.WholeSeconds(first));

    /// <summary>True if this is the version of a row in the remote's listing. A date that either lacks is not compared.</summary>
    public bool IsOf(ListedObject row) => Size == row.Size && ETags.Same(ETag, row.ETag)
        && (Date <= DateTimeOffset.UnixEpoch || row.LastModified <= DateTimeOffset.UnixEpoch
            || Date == HttpDates.WholeSeconds(row.LastModified));

    /// <summary>The text that <see cref="Parse"/> reads; null if it would be too long.</summary>
    /// <remarks><code>
    ///   size.date.etag    an object: date in Unix seconds, ETag percent-encoded
    ///   -                 no such key
    ///   ?date             unknown since then
    /// </code></remarks>
    public string? ToText()
    {
        var date = Date.ToUnixTimeSeconds();
        var text = IsAbsent ? "-"
            : IsUnknown ? string.Create(CultureInfo.InvariantCulture, $"?{date}")
            : string.Create(CultureInfo.InvariantCulture, $"{Size}.{date}.{UriEncoding.EncodeComponent(ETag)}");
        return text.Length <= LongestText ? text : null;
    }

    /// <summary>Reads a base; null if the text is none.</summary>
    public static RemoteBase? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text[0] is '-' or '?')
        {
            return text.Length == 1 && text[0] == '-' ? Absent
                : text[0] == '?' && TryDate(text.AsSpan(1), out var since) ? UnknownSince(since)
                : null;
        }

        var (first, second) = (text.IndexOf('.'), text.IndexOf('.', text.IndexOf('.') + 1));
        return first > 0 && second > first
            && long.TryParse(text.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && TryDate(text.AsSpan(first + 1, second - first - 1), out var date)
            && UriEncoding.TryDecode(text.AsSpan(second + 1), out var etag)
                ? new RemoteBase(etag, size, date) : null;
    }

    private static bool TryDate(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        var isDate = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > -62_000_000_000 and < 253_000_000_000;
        date = isDate ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
        return isDate;
    }
}
