using System.Collections.Concurrent;


using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// The regions of an endpoint's buckets: learned from refusals, else from the endpoint's host name or the setting. Shared by everything
/// that signs for the endpoint.
/// </summary>
public sealed class EndpointRegions(EndpointSettings settings)
{
    /// <summary>
    /// Other stores than clouds have one region: what one bucket taught is the first guess for all. No bucket has this name.
    /// </summary>
    private const string Anywhere = "";

    /// <summary>Clients choose the names. Beyond this many, all learned regions are forgotten.</summary>
    internal const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly string _first = FirstOf(settings.Endpoint, settings.Region);

    /// <summary>True if buckets can be in different regions.</summary>
    public bool AreMany { get; } = EndpointAddress.IsCloud(settings.Address);

    /// <summary>The first guess: from an AWS host name, else the setting, else us-east-1.</summary>
    /// <param name="endpoint">The endpoint; null for AWS in the setting's region.</param>
    public static string FirstOf(Uri? endpoint, string? setting) => (endpoint is null ? null : AwsHosts.RegionOf(endpoint.Host)) ?? setting
        ?? AwsHosts.DefaultRegion;

    /// <summary>The region of a bucket; of the service if the name is empty.</summary>
    public string Of(string bucket) =>
        _found.GetValueOrDefault(bucket) ?? (AreMany ? null : _found.GetValueOrDefault(Anywhere)) ?? _first;

    /// <summary>Forgets a bucket that was created or deleted. A store with one region keeps what it taught.</summary>
    public void Forget(string bucket)
    {
        if (AreMany)
        {
            _found.TryRemove(bucket, out _);
        }
    }

    /// <summary>
    /// True if a HEAD of the bucket may reveal a region that the refusal did not name. A bare 400 can have any reason: if the bucket's
    /// region is known, it is not asked about again.
    /// </summary>
    internal bool IsWorthAsking(string bucket, int status, RegionRefusal refusal) =>
        AreMany && bucket.Length > 0 && refusal is { Region: null, MayBeOne: true }
            && !(status == StatusCodes.Status400BadRequest && _found.ContainsKey(bucket));

    /// <summary>
    /// Learns from the response to a HEAD of the bucket. A response without a region confirms the region that was assumed.
    /// </summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that the answer names; null for none.</param>
    /// <param name="status">The status of the response.</param>
    /// <param name="signedFor">The region that the refused request was signed for.</param>
    /// <returns>Whether that request is worth another attempt.</returns>
    internal bool LearnFromHead(string bucket, string? region, int status, string signedFor) =>
        (region is not null || status is < StatusCodes.Status500InternalServerError and not StatusCodes.Status429TooManyRequests)
            && Learn(bucket, region ?? signedFor, signedFor);

    /// <summary>Forgets a bucket's region if it cannot be reached. It may have been wrong; if not, it is learned again.</summary>
    internal void ForgetUnreachable(string bucket, Exception failure)
    {
        if (failure is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError }
            or OperationCanceledException { InnerException: TimeoutException })
        {
            Forget(bucket);
        }
    }

    /// <summary>Learns the region that the endpoint named.</summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that it named.</param>
    /// <param name="signedFor">
    /// The region that the refused request was signed for. Another request may have learned the right one by now.
    /// </param>
    /// <returns>Whether the request is worth another attempt.</returns>
    public bool Learn(string bucket, string region, string signedFor)
    {
        if (AreMany && bucket.Length == 0)
        {
            return false;
        }

        if (region == signedFor)
        {
            if (!_found.ContainsKey(bucket))
            {
                Note(bucket, region);
            }

            return false;
        }

        Note(bucket, region);
        if (!AreMany)
        {
            _found[Anywhere] = region;
        }

        return true;
    }

    internal int Known => _found.Count;

    private void Note(string bucket, string region)
    {
        if (_found.Count >= Limit && !_found.ContainsKey(bucket))
        {
            var anywhere = _found.GetValueOrDefault(Anywhere);
            _found.Clear();
            if (anywhere is not null)
            {
                _found[Anywhere] = anywhere;
            }
        }

        _found[bucket] = region;
    }
}
