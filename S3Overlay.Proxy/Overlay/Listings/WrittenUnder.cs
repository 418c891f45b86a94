using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Whether any object under a common prefix of local was written, where some of them are copies of the remote's (rule E4).
/// </summary>
public static class WrittenUnder
{
    /// <summary>
    /// Looks through local's keys up to the first that was written, which is the first of all where there are no copies; else a page for a
    /// thousand of them.
    /// </summary>
    /// <param name="layer">The writable layer.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The common prefix.</param>
    /// <param name="after">Where the listing starts, which may be within it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async ValueTask<bool> AnyAsync(ILayerState layer, string bucket, string prefix, ListingPosition after,
        CancellationToken cancellationToken)
    {
        var start = after.Name.StartsWith(prefix, StringComparison.Ordinal) ? after : ListingPosition.Start;
        await using var rows = layer.ListWritten(bucket, new ListingQuery(prefix, "", start, layer.ListsCopies ? ListRequest.MaxPage : 1));
        return await rows.NextAsync(cancellationToken) is not null;
    }
}
