using System.Globalization;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Conditions of a delete. All must hold.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html, API_ObjectIdentifier.html</remarks>
/// <param name="IfMatch">The required ETag, or null.</param>
/// <param name="Size">The required size in bytes, or null.</param>
/// <param name="LastModified">The required date in whole seconds, or null.</param>
public sealed record DeleteConditions(string? IfMatch, long? Size, DateTimeOffset? LastModified)
{
    private const string SizeHeader = "x-amz-if-match-size";
    private const string DateHeader = "x-amz-if-match-last-modified-time";

    /// <summary>Whether there are conditions besides the ETag.</summary>
    public bool HasOthers => Size is not null || LastModified is not null;

    /// <summary>
    /// Whether they are judged on the delete marker of a deleted key, which has a date and no bytes. For If-Match, the key has no object.
    /// </summary>
    public bool SeesMarkers => IfMatch is null;

    /// <summary>The conditions of DeleteObject; null for none.</summary>
    /// <exception cref="S3Exception">InvalidArgument: an invalid size or date.</exception>
    public static DeleteConditions? Of(IHeaderDictionary headers) =>
        Of(headers.IfMatch.Count > 0 ? headers.IfMatch.ToString() : null,
            headers.TryGetValue(SizeHeader, out var size) ? size.ToString() : null,
            headers.TryGetValue(DateHeader, out var date) ? date.ToString() : null,
            static (name, value) => S3Exception.Argument($"The value of {name} is invalid.", name, value));

    /// <summary>The conditions of one key in DeleteObjects; null for none.</summary>
    /// <exception cref="S3Exception">MalformedXML: an invalid size or date.</exception>
    public static DeleteConditions? Of(XElement item) =>
        Of(item.ChildText("ETag"), item.ChildText("Size"), item.ChildText("LastModifiedTime"),
            static (_, _) => new S3Exception(S3Errors.MalformedXml));

    /// <summary>Checks an object.</summary>
    /// <param name="etag">Its ETag, empty for a delete marker; null if there is no object.</param>
    /// <exception cref="S3Exception">
    /// PreconditionFailed; NoSuchKey if an ETag is required and there is no object. Size and date hold if there is none, as in S3: nothing
    /// is deleted.
    /// </exception>
    public void Judge(string? etag, long size, DateTimeOffset lastModified)
    {
        if (etag is null)
        {
            if (IfMatch is not null)
            {
                throw new S3Exception(S3Errors.NoSuchKey);
            }

            return;
        }

        if (IfMatch is not null && !ETags.ListHas(IfMatch, etag))
        {
            throw Failed("If-Match");
        }

        if (Size is { } wanted && wanted != size)
        {
            throw Failed(SizeHeader);
        }

        if (LastModified is { } date && date != HttpDates.WholeSeconds(lastModified))
        {
            throw Failed(DateHeader);
        }
    }

    private static DeleteConditions? Of(string? etag, string? size, string? date, Func<string, string, S3Exception> wrong)
    {
        if (etag is null && size is null && date is null)
        {
            return null;
        }

        long? bytes = size is null ? null
            : long.TryParse(size.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw wrong(SizeHeader, size);
        DateTimeOffset? written = date is null ? null
            : TryParse(date.Trim(), out var time) ? HttpDates.WholeSeconds(time)
            : throw wrong(DateHeader, date);
        return new DeleteConditions(etag, bytes, written);
    }

    /// <summary>S3's model uses the header format for dates in documents too. Some clients send the format of responses.</summary>
    private static bool TryParse(string text, out DateTimeOffset date) =>
        HttpDates.TryParseHeader(text, out date)
        || (text.Length > 10 && text[10] == 'T'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date));

    private static S3Exception Failed(string condition) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", condition)] };
}
