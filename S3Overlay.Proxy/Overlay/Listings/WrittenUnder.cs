using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Finds whether local has a written object under a prefix.</summary>
public static class WrittenUnder
{
    /// <summary>True if local has a key under the prefix. Asks for one row.</summary>
    /// <param name="layer">The writable layer.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The common prefix.</param>
    /// <param name="after">Where the listing starts, which may be within it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async ValueTask<bool> AnyAsync(ILayerState layer, string bucket, string prefix, ListingPosition after,
        CancellationToken cancellationToken)
    {
        var start = after.Name.StartsWith(prefix, StringComparison.Ordinal) ? after : ListingPosition.Start;
        await using var rows = layer.ListWritten(bucket, new ListingQuery(prefix, "", start, 1));
        return await rows.NextAsync(cancellationToken) is not null;
    }
}
