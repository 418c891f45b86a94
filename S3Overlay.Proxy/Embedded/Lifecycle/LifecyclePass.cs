using System.Globalization;
using System.Runtime.CompilerServices;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Lifecycle;

/// <summary>
/// Applies a bucket's lifecycle once. Whatever goes is deleted by a request like a client's, with conditions that hold only if nothing has
/// changed since it was found: a key that was written again stays, a lock holds, and in a bucket with a remote a tombstone appears.
/// </summary>
/// <remarks>
/// <code>
///   current version             expired                    DELETE key, If-Match
///   delete marker, alone        expired, or may go         DELETE version; its tombstone stays
///   noncurrent version          long enough not current    DELETE version, if a newer one is still there
///   open upload                 too old                    AbortMultipartUpload
/// </code>
/// </remarks>
internal sealed class LifecyclePass(
    EmbeddedStore store, IS3Service service, string bucket, LifecycleConfiguration lifecycle, LifecycleClock clock)
{
    /// <summary>Deletes in parallel: enough to share the log's syncs, few enough to leave room for clients.</summary>
    private const int Parallel = 16;

    private const int UploadsPerPage = 1000;

    private readonly DateTimeOffset _now = store.Now;
    private long _removed;

    /// <summary>False once the bucket has other rules, or none: then nothing more goes.</summary>
    private bool IsInForce => ReferenceEquals(store.Buckets.Find(bucket)?.Lifecycle, lifecycle);

    /// <summary>Removes what is due.</summary>
    /// <returns>How many objects, versions and uploads.</returns>
    /// <exception cref="S3Exception">The store or a layer above it fails: a later pass does the rest.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        if (lifecycle.Rules.Any(static rule =>
            rule.IsEnabled && (rule is not { Days: null, NoncurrentDays: null, Date: null } || rule.ExpiresMarkers == true)))
        {
            await System.Threading.Tasks.Parallel.ForEachAsync(DueAsync(cancellationToken), options, SendAsync);
        }

        if (lifecycle.Rules.Any(static rule => rule is { IsEnabled: true, AbortDays: not null }))
        {
            await System.Threading.Tasks.Parallel.ForEachAsync(UploadsAsync(cancellationToken), options, SendAsync);
        }

        return _removed;
    }

    private async IAsyncEnumerable<S3Request> DueAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (key, newer, noncurrent) = ("", (ObjectRow?)null, 0);
        await foreach (var each in VersionWalk.ReadAsync(store.Rows, bucket, lifecycle.CommonPrefix, cancellationToken))
        {
            if (each.Key != key)
            {
                (key, newer, noncurrent) = (each.Key, null, 0);
            }

            if (!IsInForce)
            {
                yield break;
            }

            var due = newer is not null ? OfNoncurrent(each, noncurrent++, newer)
                : each.Row.IsMarker ? OfMarker(each)
                : OfCurrent(each);
            newer = each.Row;
            if (due is not null)
            {
                yield return due;
            }
        }
    }

    private S3Request? OfCurrent(Walked current)
    {
        var info = current.Row.Info;
        if (current.Row.IsCopiedUp || !(lifecycle.ExpiryOf(current.Key, info.Size, current.Row.Tags, info.LastModified, clock)?.At <= _now))
        {
            return null;
        }

        var delete = Request(S3Operation.DeleteObject, current.Key, "");
        delete.Headers.IfMatch = info.ETag;
        delete.Headers["x-amz-if-match-size"] = info.Size.ToString(CultureInfo.InvariantCulture);
        delete.Headers["x-amz-if-match-last-modified-time"] = HttpDates.Header(info.LastModified);
        return delete;
    }

    private S3Request? OfMarker(Walked marker) =>
        !marker.HasOlder && lifecycle.Rules.Any(rule => rule.RemovesMarker(marker.Key, marker.Row.Info.LastModified, clock, _now))
            ? OfVersion(marker) : null;

    /// <summary>
    /// Since when it is not current follows from the date of the next newer one: a copy of the remote's object has another.
    /// </summary>
    private S3Request? OfNoncurrent(Walked version, int newer, ObjectRow next)
    {
        if (next.IsCopiedUp)
        {
            return null;
        }

        var (row, since) = (version.Row, next.Info.LastModified);
        long? size = row.IsMarker ? null : row.Info.Size;
        return row.Lock?.Protects(_now, bypassesGovernance: false) != true
            && lifecycle.Rules.Any(rule => rule.RemovesNoncurrent(version.Key, size, row.Tags, newer, since, clock, _now))
                ? OfVersion(version) with { OnlyNoncurrent = true } : null;
    }

    /// <summary>A delete marker goes without undoing its delete: its tombstone stays.</summary>
    private S3Request OfVersion(Walked version) => Request(
        S3Operation.DeleteObject, version.Key, "versionId=" + UriEncoding.EncodeComponent(version.Row.VersionId ?? VersionIds.Null)) with
    {
        KeepsTombstone = version.Row.IsMarker,
    };

    private async IAsyncEnumerable<S3Request> UploadsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var (after, id) = (ListingPosition.Start, ""); ;)
        {
            var page = await store.Uploads.ListAsync(bucket, lifecycle.CommonPrefix, "", after, id, UploadsPerPage);
            foreach (var (_, upload) in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!IsInForce)
                {
                    yield break;
                }

                (after, id) = (new ListingPosition(upload!.Key, IsPrefix: false), upload.UploadId);
                if (lifecycle.Rules.Any(rule => rule.Aborts(upload.Key, upload.Initiated, clock, _now)))
                {
                    yield return Request(S3Operation.AbortMultipartUpload, upload.Key, "uploadId=" + upload.UploadId);
                }
            }

            if (page.Count < UploadsPerPage)
            {
                yield break;
            }
        }
    }

    private async ValueTask SendAsync(S3Request request, CancellationToken cancellationToken)
    {
        if (!IsInForce)
        {
            return;
        }

        try
        {
            var response = new BufferedResponse();
            await service.HandleAsync(request, response, cancellationToken);
            if (response.Status < StatusCodes.Status300MultipleChoices)
            {
                Interlocked.Increment(ref _removed);
            }
        }
        catch (S3Exception kept) when (kept.Error.Status < StatusCodes.Status500InternalServerError)
        {
            // Changed or gone since, or locked.
        }
    }

    private S3Request Request(S3Operation operation, string key, string query) =>
        S3Request.OfOverlay("lifecycle", operation, "DELETE", bucket, key, query);
}
