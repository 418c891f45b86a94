using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>ListObjects, ListObjectsV2 and ListObjectVersions of overlaid buckets, and the check whether such a bucket is empty.</summary>
/// <param name="layer">The local layer.</param>
/// <param name="versions">Its versions; null if it never keeps any.</param>
/// <param name="cache">The cache; null while caching is off.</param>
/// <param name="reader">Reads the remote's keys.</param>
/// <param name="settings">What listings show.</param>
/// <param name="logger">Gets failures.</param>
public sealed class BucketListings(
    ILayerState layer, ILocalVersions? versions, ICacheStore? cache, IRemoteReader reader, OverlaySettings settings, ILogger logger)
{
    /// <summary>The header of a listing that shows less than there is (rule L4).</summary>
    public const string ScopeHeader = "x-s3overlay-listing";

    /// <summary>Handles a listing of objects or versions.</summary>
    public Task HandleAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (request.Operation != S3Operation.ListObjectVersions)
        {
            var list = ListRequest.Parse(request);
            return HandleAsync(
                bucket, list.Query, static () => null,
                (rows, _) => ListingPager.SendAsync(list, rows, request, response, cancellationToken), response);
        }

        var page = MarkerPage.ParseVersions(request, versions is not null);
        return HandleAsync(
            bucket, page.Query, () => versions?.List(bucket.Name, page.Query, page.VersionIdMarker, cancellationToken),
            (rows, versioned) => VersionPager.SendAsync(page, new ShownVersions(rows, versioned), request, response, cancellationToken),
            response);
    }

    /// <summary>
    /// True if clients see no object in the bucket (rule B4). Asks the remote whatever listings show: a delete would hide its objects.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable if it cannot be known.</exception>
    public async Task<bool> IsEmptyAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        var query = new ListingQuery("", "", ListingPosition.Start, 1);
        try
        {
            await using var rows = bucket.AskedRoutes is { } routes
                ? new MergedListingSource(layer, reader.IsFrozen ? cache : null, bucket.Name, routes, query, logger, reader: reader)
                : layer.ListWritten(bucket.Name, query);
            return await rows.NextAsync(cancellationToken) is null;
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw Unlistable(failure);
        }
        catch (S3Exception forbidden) when (forbidden.Error == S3Errors.AccessDenied)
        {
            throw S3Exception.OfOverlaysOwn(forbidden);
        }
    }

    /// <summary>Sends rows of all layers, or of the local layer alone if the settings say so.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">Which rows.</param>
    /// <param name="open">Opens the local layer's rows if they are not those of its objects.</param>
    /// <param name="send">Sends a page of rows, which include those opened, and returns their number.</param>
    /// <param name="response">The response.</param>
    private async Task HandleAsync(
        BucketView bucket, ListingQuery query, Func<IVersionedRows?> open, Func<IListingSource, IVersionedRows?, Task<int>> send,
        S3Response response)
    {
        if (settings.MergesListings && bucket.AskedRoutes is { } routes)
        {
            try
            {
                using var span = Tracing.Start(SpanNames.ListMerge);
                var versioned = open();
                await using var merged = new MergedListingSource(layer, cache, bucket.Name, routes, query, logger, versioned, reader);
                var rows = await send(merged, versioned);
                span?.SetTag(SpanAttributes.Rows, rows);
                return;
            }
            catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop && !response.HasStarted)
            {
                if (!settings.ListsLocalOnError)
                {
                    throw Unlistable(failure);
                }

                Log.ListedLocalOnly(logger, bucket.Name, failure.Message);
                response.Headers[ScopeHeader] = "local";
            }
        }

        var own = open();
        await using var written = own ?? layer.ListWritten(bucket.Name, query);
        await send(written, own);
    }

    /// <summary>
    /// 503 for any reason, refused access included (rule L4): a page of local keys alone would look complete, and a 403 would say that the
    /// client's own key lacks a permission.
    /// </summary>
    internal static S3Exception Unlistable(RemoteException failure) => S3Exception.ForNow(
        S3Errors.ServiceUnavailable,
        2,
        failure.Failure == RemoteFailure.AccessDenied
            ? "The remote does not allow its bucket to be listed. S3_OVERLAY_LISTING=local lists local objects alone."
            : "The remote cannot be listed at the moment.",
        failure);
}
