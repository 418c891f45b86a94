using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>ListObjects and ListObjectsV2 of overlaid buckets, and whether such a bucket is empty.</summary>
/// <param name="layer">The writable layer.</param>
/// <param name="held">Where copies of the remote are kept; null while nothing is.</param>
/// <param name="settings">What listings show.</param>
/// <param name="logger">Where failures are told.</param>
public sealed class BucketListings(ILayerState layer, IHeldStore? held, OverlaySettings settings, ILogger logger)
{
    /// <summary>The header that says a listing shows less than there is (rule L4).</summary>
    public const string ScopeHeader = "x-s3overlay-listing";

    /// <summary>Answers a listing.</summary>
    public async Task AnswerAsync(BucketView bucket, S3Request request, S3Answer answer, CancellationToken cancellationToken)
    {
        var list = ListRequest.Parse(request);
        if (settings.MergesListings && bucket.Routes is { } routes)
        {
            try
            {
                using var span = Tracing.Start(SpanNames.ListMerge);
                await using var merged = new MergedListingSource(layer, held, bucket.Name, routes, list.Query, logger);
                var rows = await ListingPager.AnswerAsync(list, merged, request, answer, cancellationToken);
                span?.SetTag(SpanAttributes.Rows, rows);
                return;
            }
            catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop && !answer.HasStarted)
            {
                if (!settings.ListsLocalOnError)
                {
                    throw Unlistable(failure);
                }

                Log.ListedLocalOnly(logger, bucket.Name, failure.Message);
                answer.Headers[ScopeHeader] = "local";
            }
        }

        await using var written = new SettledRows(layer, bucket.Name, list.Query);
        await ListingPager.AnswerAsync(list, written, request, answer, cancellationToken);
    }

    /// <summary>Whether clients see no object in the bucket (rule B4). The remote is asked whatever listings show: deleting hides its objects.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where it cannot be known.</exception>
    public async Task<bool> IsEmptyAsync(BucketView bucket, CancellationToken cancellationToken)
    {
        var query = new ListingQuery("", "", ListingPosition.Start, 1);
        try
        {
            await using var rows = bucket.Routes is { } routes
                ? new MergedListingSource(layer, null, bucket.Name, routes, query, logger)
                : layer.ListWritten(bucket.Name, query);
            return await rows.NextAsync(cancellationToken) is null;
        }
        catch (RemoteException failure) when (failure.Failure != RemoteFailure.Loop)
        {
            throw Unlistable(failure);
        }
    }

    /// <summary>
    /// 503 whatever the reason, refused permission included (rule L4): a page of local keys alone would pass for the whole, and a client's 403 would say that
    /// its own key lacks a right.
    /// </summary>
    internal static S3Exception Unlistable(RemoteException failure) => S3Exception.ForNow(
        S3Errors.ServiceUnavailable,
        2,
        failure.Failure == RemoteFailure.AccessDenied
            ? "The remote does not allow its bucket to be listed. S3_OVERLAY_LISTING=local lists local objects alone."
            : "The remote cannot be listed at the moment.",
        failure);
}
