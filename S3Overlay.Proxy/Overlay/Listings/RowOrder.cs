using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Checks that a layer lists in order. A merge of unordered rows would silently leave out keys or show deleted ones, so a wrong order is an
/// error, never a page (rule L2).
/// </summary>
public sealed class RowOrder(string layer, ILogger logger)
{
    private string? _last;

    /// <summary>Checks the next name.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable if it does not follow the one before.</exception>
    public void Next(string name)
    {
        if (_last is not null && Utf8Order.Compare(_last, name) >= 0)
        {
            throw Wrong("its rows are not in the order of their UTF-8 bytes");
        }

        _last = name;
    }

    /// <summary>Logs what is wrong with the layer's listing.</summary>
    /// <returns>The error for the client.</returns>
    public S3Exception Wrong(string problem)
    {
        Log.ListingIsWrong(logger, layer, problem);
        return new S3Exception(S3Errors.ServiceUnavailable, $"The {layer} layer returned a listing that cannot be merged: {problem}.");
    }
}
