using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Puts copies under their own keys.</summary>
/// <remarks>
/// <code>
///   PUT   the row, unfinished      from here on an object that looks like the copy is looked at by listings
///   PUT   the copy                 If-None-Match: *  so that what a client wrote is never replaced
///   HEAD  the copy                 the store's date of it
///   PUT   the row, finished        from here on nobody need look
///   LIST  the key's rows           the unfinished one goes, and those of older versions; where the finished one is gone, so is the copy
/// </code>
/// Wherever that ends there is a copy with a row, or a row without a copy, which says nothing.
/// </remarks>
internal sealed class PlacedPublisher(LocalStore store, PlacedCopies copies)
{
    private const int MaxAttempts = 3;

    private readonly PlacedRows _rows = new(copies);

    /// <summary>Puts a copy, all of whose bytes are in the spool.</summary>
    public async Task<Placement> PutAsync(EntryRecord record, SpooledChunk? spooled, CancellationToken cancellationToken)
    {
        var bucket = record.Name.Bucket;
        if (!copies.Buckets.TryEnter(bucket))
        {
            return Placement.Elsewhere;
        }

        try
        {
            return await copies.IsPossibleAsync(cancellationToken) && await copies.Buckets.IsFitAsync(bucket, cancellationToken)
                ? await PutFittingAsync(record, spooled, cancellationToken)
                : Placement.Elsewhere;
        }
        catch (Exception failure) when (failure is S3Exception or IOException)
        {
            // Whatever it was, the cache bucket may take the copy; what of it is under its key is right.
            return Placement.Elsewhere;
        }
        finally
        {
            copies.Buckets.Leave(bucket);
        }
    }

    /// <summary>Takes out a copy that was dropped while it was put.</summary>
    public Task RemoveAsync(EntryRecord record, CancellationToken cancellationToken) =>
        copies.RemoveAsync(record.Name, row => ETags.Same(row.ETag, record.Info.ETag), cancellationToken);

    private async Task<Placement> PutFittingAsync(EntryRecord record, SpooledChunk? spooled, CancellationToken cancellationToken)
    {
        var md5 = await PlacedBody.Md5Async(spooled, record.Info.Size, cancellationToken);
        if (PlacedMark.Headers(record, md5) is not { } headers || !PlacedNames.HasRow(record, md5))
        {
            return Placement.Elsewhere;
        }

        var unfinished = PlacedNames.Row(record, md5, null);
        PlacedObject? found;
        using (var begun = copies.TryBeginPut(record.Name))
        {
            if (begun is null)
            {
                return Placement.Elsewhere;
            }

            await _rows.PutAsync(record, unfinished, cancellationToken);
            var request = new WireRequest("PUT", record.Name.Bucket, record.Name.Key, "", [.. headers, new("If-None-Match", "*")])
            {
                Body = PlacedBody.Of(spooled, record.Info.Size),
            };
            if (await PutObjectAsync(request, record, md5, cancellationToken) is { } failed)
            {
                await _rows.TakeBackAsync(record.Name, unfinished, cancellationToken);
                return failed;
            }

            found = await copies.FindAsync(record.Name, cancellationToken);
            if (await HasTakenBackAsync(record.Name, found?.VersionId, cancellationToken))
            {
                // Put by a call whose answer was lost.
                await _rows.TakeBackAsync(record.Name, unfinished, cancellationToken);
                return Placement.Elsewhere;
            }
        }

        if (found is null || !found.Record.IsSameVersion(record))
        {
            // Overwritten or dropped in the meantime.
            await _rows.TakeBackAsync(record.Name, unfinished, cancellationToken);
            return Placement.Unneeded;
        }

        await _rows.FinishAsync(record, md5, found.Placed, cancellationToken);
        return Placement.Placed;
    }

    /// <summary>Puts the object.</summary>
    /// <returns>Null where a copy of this version is there.</returns>
    private async Task<Placement?> PutObjectAsync(WireRequest request, EntryRecord record, string md5, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await store.Calls.SendAsync(request, cancellationToken);
            if (answer.Status < 300)
            {
                return await HasTakenBackAsync(record.Name, answer.Header("x-amz-version-id"), cancellationToken) ? Placement.Elsewhere
                    : await IsAsMarkedAsync(record, answer, md5, cancellationToken) ? null
                    : Placement.Elsewhere;
            }

            if (attempt == MaxAttempts)
            {
                return Placement.Elsewhere;
            }

            if (answer.Status is 409 or 412)
            {
                if (await copies.FindAsync(record.Name, cancellationToken) is not { } other)
                {
                    return Placement.Unneeded;
                }

                if (other.Record.IsSameVersion(record))
                {
                    return null;
                }

                await copies.RemoveObjectAsync(record.Name, row => row == other.Record.Row, cancellationToken);
            }
            else if (answer.Status == 404 && store.IsAlone)
            {
                // Its bucket is only the remote's yet. Where other proxies delete buckets meanwhile, none is made for a copy's sake.
                await store.Buckets.CreateAsync(record.Name.Bucket, cancellationToken);
            }
            else
            {
                return Placement.Elsewhere;
            }
        }
    }

    /// <summary>
    /// Takes away what was put where it has become a version, which would stay below what a client writes. That the bucket was fit had been
    /// asked a while ago, and another proxy, or a tool at the store itself, may have given it versions since. Some stores name versions
    /// where there are none.
    /// </summary>
    /// <returns>Whether it is gone.</returns>
    private async Task<bool> HasTakenBackAsync(ObjectName name, string? version, CancellationToken cancellationToken)
    {
        if (version is null or "" or "null" || !await copies.Buckets.HasVersionsAsync(name.Bucket, cancellationToken))
        {
            return false;
        }

        using var deleted = await store.Calls.SendAsync(
            new WireRequest("DELETE", name.Bucket, name.Key, "versionId=" + UriEncoding.EncodeComponent(version), []), cancellationToken);
        return deleted.Status is < 300 or 404 ? true : throw await StoreCalls.RefusedAsync(deleted, cancellationToken);
    }

    /// <summary>
    /// A store whose ETag turns out not to be the MD5 of the bytes, though it seemed so: the object would be taken for a written one, and
    /// goes at once.
    /// </summary>
    private async Task<bool> IsAsMarkedAsync(EntryRecord record, WireResponse answer, string md5, CancellationToken cancellationToken)
    {
        if (answer.Header("ETag") is not { } etag || ETags.Same(etag, md5))
        {
            return true;
        }

        copies.Buckets.Refuse(record.Name.Bucket, "the store's ETags are not those of the bytes");
        using var deleted = await store.Calls
            .SendAsync(new WireRequest("DELETE", record.Name.Bucket, record.Name.Key, "", [new("If-Match", etag)]), cancellationToken);
        return false;
    }
}
