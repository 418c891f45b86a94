using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Stores;

/// <summary>The buckets that changes are sent to, opened when the first key of each is sent.</summary>
internal sealed class Upstreams(PromoteOptions options, Signing sign) : IDisposable
{
    private const string DefaultRegion = "us-east-1";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Remote, string Endpoint), S3Wire> _wires = [];
    private readonly Dictionary<(string Remote, string Endpoint, string Bucket), Upstream> _buckets = [];

    /// <summary>The bucket of a place.</summary>
    /// <exception cref="PromoteException">There are no credentials for its remote.</exception>
    public Upstream Of(UpstreamPlace place)
    {
        lock (_lock)
        {
            var endpoint = (place.Remote, place.Endpoint);
            if (!_wires.TryGetValue(endpoint, out var wire))
            {
                var (profile, url) =
                    (options.Keys is null ? ProfileKeys.Of(options, place.Remote) : null, options.Endpoint ?? new Uri(place.Endpoint));
                _wires[endpoint] = wire = new S3Wire(url, options.Keys ?? profile!.ObtainAsync,
                    profile?.Region ?? WireAddress.RegionOf(url) ?? DefaultRegion, sign, isProxy: false);
            }

            var bucket = (place.Remote, place.Endpoint, place.Bucket);
            return _buckets.TryGetValue(bucket, out var known) ? known : _buckets[bucket] = new Upstream(wire, place.Bucket);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var wire in _wires.Values)
        {
            wire.Dispose();
        }
    }
}
