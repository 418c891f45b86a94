using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Which regions to sign for at an endpoint: what its refusals told, else the setting. Known to all who sign for it.</summary>
public sealed class EndpointRegions(EndpointSettings settings)
{
    /// <summary>A store of one's own has one region: what a bucket told is the first guess for all others. No bucket has this name.</summary>
    private const string Anywhere = "";

    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly bool _areMany = EndpointAddress.IsCloud(settings.Endpoint ?? settings.AwsEndpoint);

    /// <summary>The region of a bucket (the empty string: of the service).</summary>
    public string Of(string bucket) =>
        _found.GetValueOrDefault(bucket) ?? (_areMany ? null : _found.GetValueOrDefault(Anywhere)) ?? settings.Region ?? "us-east-1";

    /// <summary>Takes note of the region that the endpoint named.</summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that it named.</param>
    /// <param name="signedFor">The region that the request was signed for: another may have learnt meanwhile what this one was refused for.</param>
    /// <returns>Whether the request is worth another attempt.</returns>
    public bool Learn(string bucket, string region, string signedFor)
    {
        if (region == signedFor || (_areMany && bucket.Length == 0))
        {
            return false;
        }

        _found[bucket] = region;
        if (!_areMany)
        {
            _found[Anywhere] = region;
        }

        return true;
    }
}
