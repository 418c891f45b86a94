using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>GetObject, HeadObject and listings.</summary>
/// <remarks>
/// <code>
///   HEAD        index row ------------------------------------> headers
///   GET         index row -> open file (shared) -> headers -> blocks, each checked, into the connection's memory
///   ?partNumber index row -> manifest -----------------> headers of the part -> the same
/// </code>
/// </remarks>
internal sealed class ReadOperations(EmbeddedStore store)
{
    private readonly EmbeddedVersions _versions = new(store);

    public async Task GetAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var versionId = request.Query["versionId"];
        ReadEncryption.RefuseMethod(request);
        var customer = CustomerKey.Of(request, store.MayTakePlainKeys);
        var part = PartNumbers.OfRead(request);
        if (request.IsHead && part is null)
        {
            var row = await store.Objects.RequireAsync(request.Bucket, request.Key, versionId);
            ReadEncryption.Check(request, response, row, customer, store);
            ShowState(request, response, row);
            store.ShowVersion(request.Bucket, row, response);
            ObjectResponse.Prepare(request, response, row.Info);
            return;
        }

        using var stored = await store.Objects.OpenAsync(request.Bucket, request.Key, versionId);
        ReadEncryption.Unlock(stored, new ObjectName(request.Bucket, request.Key), customer, store);
        customer?.Show(response);
        ShowState(request, response, stored.Row);
        store.ShowVersion(request.Bucket, stored.Row, response);
        var bytes = ObjectResponse.Prepare(request, response, stored.Row.Info);
        if (part is { } number && response.Status == StatusCodes.Status200OK)
        {
            bytes = PreparePart(number, stored, request, response);
        }

        if (bytes is { } range)
        {
            await SendAsync(stored, range, response, cancellationToken);
        }
    }

    public async Task ListAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var list = ListRequest.Parse(request);
        await using var rows = store.ListWritten(request.Bucket, list.Query);
        await ListingPager.SendAsync(list, rows, request, response, cancellationToken);
    }

    /// <summary>Without versioning, each object is its one version, named <c>null</c>.</summary>
    public async Task ListVersionsAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var page = MarkerPage.ParseVersions(request, hasVersions: true);
        await using var rows = _versions.List(request.Bucket, page.Query, page.VersionIdMarker, cancellationToken);
        await VersionPager.SendAsync(page, new ShownVersions(rows, rows), request, response, cancellationToken);
    }

    private async Task SendAsync(StoredObject stored, ByteRange range, S3Response response, CancellationToken cancellationToken)
    {
        try
        {
            await stored.CopyToAsync(range, response, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            var error = store.Objects.Damaged(failure);
            if (!response.HasStarted)
            {
                throw error;
            }

            response.Abort();
        }
    }

    /// <summary>Turns the response for the whole object into one for a part.</summary>
    private static ByteRange? PreparePart(int number, StoredObject stored, S3Request request, S3Response response)
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
            response.Headers["x-amz-mp-parts-count"] = stored.Row.PartCount.ToString(CultureInfo.InvariantCulture);
            ShowChecksum(found.Part, stored.Row, response);
        }

        if (bytes is { } range)
        {
            response.Status = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {range.First}-{range.Last}/{size}");
        }

        response.Headers.ContentLength = bytes?.Length ?? 0;
        return request.IsHead ? null : bytes;
    }

    /// <summary>
    /// Shows the part's checksum of the same algorithm instead of the object's, if that is shown. The type stays the object's. A part
    /// without one shows neither, unless it is the only part and the object's checksum covers all bytes.
    /// </summary>
    private static void ShowChecksum(StoredPart part, ObjectRow row, S3Response response)
    {
        foreach (var whole in row.Info.Checksums)
        {
            var header = ChecksumNames.Header(whole.Algorithm);
            if (part.Checksum is { } checksum && checksum.Algorithm == whole.Algorithm)
            {
                if (response.Headers.ContainsKey(header))
                {
                    response.Headers[header] = checksum.Value;
                }
            }
            else if (row.PartCount > 1)
            {
                response.Headers.Remove(header);
                response.Headers.Remove("x-amz-checksum-type");
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

    /// <summary>Shows what can change after the write: the number of tags, the lock, to those who signed, expiry and restore.</summary>
    private void ShowState(S3Request request, S3Response response, ObjectRow row)
    {
        if (!request.Query.Has("versionId") && !row.IsCopiedUp)
        {
            store.ShowExpiry(request.Bucket, request.Key, row.Info, row.Tags, response);
        }

        if (StoredHeaders.IsArchived(row.Info))
        {
            // aws and others do not read an archived object unless it was restored.
            response.Headers["x-amz-restore"] = "ongoing-request=\"false\", expiry-date=\"Fri, 31 Dec 9999 00:00:00 GMT\"";
        }

        if (row.Lock is { } locked && !request.Caller.IsAnonymous)
        {
            LockHeaders.Show(locked, response);
        }

        if (row.Tags is { Length: > 0 } tags)
        {
            response.Headers["x-amz-tagging-count"] = ObjectTags.Count(tags).ToString(CultureInfo.InvariantCulture);
        }
    }
}
