using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Holds a layer to the order of listings. A merge of rows in another order would leave out keys or show deleted ones without anyone
/// noticing, so that a layer whose order is wrong is an error and never a page (rule L2).
/// </summary>
public sealed class RowOrder(string layer, ILogger logger)
{
    private string? _last;

    /// <summary>Checks the next name.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where it does not come after the one before.</exception>
    public void Next(string name)
    {
        if (_last is not null && Utf8Order.Compare(_last, name) >= 0)
        {
            throw Wrong("its rows are not in the order of their UTF-8 bytes");
        }

        _last = name;
    }

    /// <summary>Says in the log what is wrong with the layer's listing.</summary>
    /// <returns>What the client gets.</returns>
    public S3Exception Wrong(string problem)
    {
        Log.ListingIsWrong(logger, layer, problem);
        return new S3Exception(S3Errors.ServiceUnavailable, $"The {layer} layer gave a listing that cannot be merged: {problem}.");
    }
}
