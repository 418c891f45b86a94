using System.Collections.Concurrent;


using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// In which regions an endpoint's buckets are: what its refusals told, else what the endpoint's own name or the setting says. Known to all
/// who sign for it.
/// </summary>
public sealed class EndpointRegions(EndpointSettings settings)
{
    /// <summary>
    /// A store of one's own has one region: what a bucket told is the first guess for all others. No bucket has this name.
    /// </summary>
    private const string Anywhere = "";

    /// <summary>Names are the clients' to choose: beyond this many, what is known of buckets is forgotten.</summary>
    internal const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly string _first = FirstOf(settings.Endpoint, settings.Region);

    /// <summary>Whether what one bucket told says nothing of another.</summary>
    public bool AreMany { get; } = EndpointAddress.IsCloud(settings.Address);

    /// <summary>The region to begin with: what the name of an endpoint of AWS says, else the setting.</summary>
    /// <param name="endpoint">The endpoint; null for AWS itself, in the region of the setting.</param>
    /// <param name="setting">The setting; null for none.</param>
    public static string FirstOf(Uri? endpoint, string? setting) => (endpoint is null ? null : AwsHosts.RegionOf(endpoint.Host)) ?? setting
        ?? AwsHosts.DefaultRegion;

    /// <summary>The region of a bucket (the empty string: of the service).</summary>
    public string Of(string bucket) =>
        _found.GetValueOrDefault(bucket) ?? (AreMany ? null : _found.GetValueOrDefault(Anywhere)) ?? _first;

    /// <summary>
    /// What was told of a bucket is so no longer: it was made or deleted. What one bucket of a store of one's own told stays true of the
    /// store.
    /// </summary>
    public void Forget(string bucket)
    {
        if (AreMany)
        {
            _found.TryRemove(bucket, out _);
        }
    }

    /// <summary>
    /// Whether a HEAD of the bucket, whose answer names its region whatever else it says, may tell more than a refusal that names none. A
    /// bare 400 may be about anything: of a bucket whose region is known it is taken at its word.
    /// </summary>
    internal bool IsWorthAsking(string bucket, int status, RegionRefusal refusal) =>
        AreMany && bucket.Length > 0 && refusal is { Region: null, MayBeOne: true }
            && !(status == StatusCodes.Status400BadRequest && _found.ContainsKey(bucket));

    /// <summary>
    /// Takes note of what a HEAD of the bucket says of its region: where it names none, though it was answered, that it is where it was
    /// thought to be.
    /// </summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that the answer names; null for none.</param>
    /// <param name="status">The answer's status.</param>
    /// <param name="signedFor">The region that the refused request was signed for.</param>
    /// <returns>Whether that request is worth another attempt.</returns>
    internal bool LearnFromHead(string bucket, string? region, int status, string signedFor) =>
        (region is not null || status is < StatusCodes.Status500InternalServerError and not StatusCodes.Status429TooManyRequests)
            && Learn(bucket, region ?? signedFor, signedFor);

    /// <summary>
    /// What was told of a bucket is of no use where its region cannot be reached: it may have been named wrongly, and is named again where
    /// it was not.
    /// </summary>
    internal void ForgetUnreachable(string bucket, Exception failure)
    {
        if (failure is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError }
            or OperationCanceledException { InnerException: TimeoutException })
        {
            Forget(bucket);
        }
    }

    /// <summary>Takes note of the region that the endpoint named.</summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that it named.</param>
    /// <param name="signedFor">The region that the request was signed for: another may have learnt meanwhile what this one was refused
    /// for.</param>
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

    /// <summary>How many buckets it knows the region of.</summary>
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
