using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>GetObject and HeadObject.</summary>
/// <remarks>
/// <code>
///   HEAD        index row ------------------------------------> headers
///   GET         index row -> open file (shared) -> headers -> blocks, each checked, into the connection's memory
///   ?partNumber index row -> manifest -----------------> headers of the part -> the same
/// </code>
/// </remarks>
internal sealed class ReadOperations(EmbeddedStore store)
{
    public async Task GetAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        VersionIds.Check(request.Query["versionId"]);
        RefuseCustomerKeys(request);
        var part = PartNumbers.OfRead(request);
        if (request.IsHead && part is null)
        {
            var row = store.Objects.Require(request.Bucket, request.Key);
            WriteTagCount(answer, row);
            ObjectResponse.Prepare(request, answer, row.Info);
            return;
        }

        using var stored = await store.Objects.OpenAsync(request.Bucket, request.Key);
        WriteTagCount(answer, stored.Row);
        var bytes = ObjectResponse.Prepare(request, answer, stored.Row.Info);
        if (part is { } number && answer.Status == StatusCodes.Status200OK)
        {
            bytes = PreparePart(number, stored, request, answer);
        }

        if (bytes is { } range)
        {
            await SendAsync(stored, range, answer, cancellationToken);
        }
    }

    private async Task SendAsync(StoredObject stored, ByteRange range, S3Response answer, CancellationToken cancellationToken)
    {
        try
        {
            await stored.CopyToAsync(range, answer, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            var error = store.Objects.Damaged(failure);
            if (!answer.HasStarted)
            {
                throw error;
            }

            answer.Abort();
        }
    }

    /// <summary>Turns the response for the whole object into one for a part.</summary>
    private static ByteRange? PreparePart(int number, StoredObject stored, S3Request request, S3Response answer)
    {
        var size = stored.Row.Info.Size;
        ByteRange? bytes;
        if (stored.Row.PartCount == 0)
        {
            // An object uploaded in one piece is its own first part.
            bytes = number == 1 ? (size == 0 ? null : new ByteRange(0, size - 1)) : throw NoSuchPart(number, 1);
        }
        else
        {
            var found = stored.FindPart(number) ?? throw NoSuchPart(number, stored.Row.PartCount);
            bytes = found.Bytes;
            answer.Headers["x-amz-mp-parts-count"] = stored.Row.PartCount.ToString(CultureInfo.InvariantCulture);
            ShowChecksum(found.Part, stored.Row, answer);
        }

        if (bytes is { } range)
        {
            answer.Status = StatusCodes.Status206PartialContent;
            answer.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {range.First}-{range.Last}/{size}");
        }

        answer.Headers.ContentLength = bytes?.Length ?? 0;
        return request.IsHead ? null : bytes;
    }

    /// <summary>
    /// Shows the part's checksum of the same algorithm instead of the object's, if that is shown. The type stays the object's. A part
    /// without one shows neither, unless it is the only part and the object's checksum covers all bytes.
    /// </summary>
    private static void ShowChecksum(StoredPart part, ObjectRow row, S3Response answer)
    {
        foreach (var whole in row.Info.Checksums)
        {
            var header = ChecksumNames.Header(whole.Algorithm);
            if (part.Checksum is { } checksum && checksum.Algorithm == whole.Algorithm)
            {
                if (answer.Headers.ContainsKey(header))
                {
                    answer.Headers[header] = checksum.Value;
                }
            }
            else if (row.PartCount > 1)
            {
                answer.Headers.Remove(header);
                answer.Headers.Remove("x-amz-checksum-type");
            }
        }
    }

    private static S3Exception NoSuchPart(int number, int count) => new(S3Errors.InvalidPartNumber)
    {
        Details =
        [
            new("ActualPartCount", count.ToString(CultureInfo.InvariantCulture)),
            new("PartNumberRequested", number.ToString(CultureInfo.InvariantCulture)),
        ],
    };

    private static void WriteTagCount(S3Response answer, ObjectRow row)
    {
        if (row.Tags is { Length: > 0 } tags)
        {
            answer.Headers["x-amz-tagging-count"] = ObjectTags.Count(tags).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void RefuseCustomerKeys(S3Request request)
    {
        if (request.Header(ClientKeys.Algorithm) is not null)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "The encryption parameters are not applicable to this object.");
        }
    }
}
