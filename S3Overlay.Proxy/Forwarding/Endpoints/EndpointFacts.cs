using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// What responses teach about an endpoint: the regions of its buckets, and the kind of store. Until a refusal names a region, it is the
/// host name's or the setting's. Shared by everything that signs for the endpoint.
/// </summary>
public sealed class EndpointFacts(EndpointSettings settings)
{
    /// <summary>
    /// Other stores than clouds have one region: what one bucket taught is the first guess for all. No bucket has this name.
    /// </summary>
    private const string Anywhere = "";

    /// <summary>Clients choose the names. Beyond this many, all learned regions are forgotten.</summary>
    internal const int Limit = 10_000;

    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly string _first = FirstRegionOf(settings.Endpoint, settings.Region);

    /// <summary>True if buckets can be in different regions.</summary>
    public bool HasManyRegions { get; } = EndpointAddress.IsCloud(settings.Address);

    /// <summary>The first guess: from an AWS host name, else the setting, else us-east-1.</summary>
    /// <param name="endpoint">The endpoint; null for AWS in the setting's region.</param>
    public static string FirstRegionOf(Uri? endpoint, string? setting) =>
        (endpoint is null ? null : AwsHosts.RegionOf(endpoint.Host)) ?? setting ?? AwsHosts.DefaultRegion;

    /// <summary>The region of a bucket; of the service if the name is empty.</summary>
    public string RegionOf(string bucket) =>
        _found.GetValueOrDefault(bucket) ?? (HasManyRegions ? null : _found.GetValueOrDefault(Anywhere)) ?? _first;

    /// <summary>Forgets a bucket that was created or deleted. A store with one region keeps what it taught.</summary>
    public void ForgetRegion(string bucket)
    {
        if (HasManyRegions)
        {
            _found.TryRemove(bucket, out _);
        }
    }

    /// <summary>
    /// True if a HEAD of the bucket may reveal a region that the refusal did not name. A bare 400 can have any reason: if the bucket's
    /// region is known, it is not asked about again.
    /// </summary>
    internal bool IsWorthAsking(string bucket, int status, RegionRefusal refusal) =>
        HasManyRegions && bucket.Length > 0 && refusal is { Region: null, MayBeOne: true }
            && !(status == StatusCodes.Status400BadRequest && _found.ContainsKey(bucket));

    /// <summary>
    /// Learns from the response to a HEAD of the bucket. A response without a region confirms the region that was assumed.
    /// </summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that the response names; null for none.</param>
    /// <param name="status">The status of the response.</param>
    /// <param name="signedFor">The region that the refused request was signed for.</param>
    /// <returns>Whether that request is worth another attempt.</returns>
    internal bool LearnRegionFromHead(string bucket, string? region, int status, string signedFor) =>
        (region is not null || status is < StatusCodes.Status500InternalServerError and not StatusCodes.Status429TooManyRequests)
            && LearnRegion(bucket, region ?? signedFor, signedFor);

    /// <summary>Forgets a bucket's region if it cannot be reached. It may have been wrong; if not, it is learned again.</summary>
    internal void ForgetUnreachable(string bucket, Exception failure)
    {
        if (failure is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError }
            or OperationCanceledException { InnerException: TimeoutException })
        {
            ForgetRegion(bucket);
        }
    }

    /// <summary>Learns the region that the endpoint named.</summary>
    /// <param name="bucket">The bucket that was asked for.</param>
    /// <param name="region">The region that it named.</param>
    /// <param name="signedFor">
    /// The region that the refused request was signed for. Another request may have learned the right one by now.
    /// </param>
    /// <returns>Whether the request is worth another attempt.</returns>
    public bool LearnRegion(string bucket, string region, string signedFor)
    {
        if (HasManyRegions && bucket.Length == 0)
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
        if (!HasManyRegions)
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

    /// <summary>
    /// How long a request waits for the first response. Until then, all names that any store reserves are treated as reserved.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private volatile StoreMake? _make = settings.Make ?? (AwsHosts.DomainOf(settings.Address.Host) is null ? null : StoreMakes.Aws);

    /// <summary>
    /// Which kind of store it is: from the settings, from an AWS host name, or from the first response. Unknown until then.
    /// </summary>
    internal StoreMake Make => _make ?? StoreMakes.Unknown;

    /// <summary>Learns from a response. The first one from the endpoint itself decides.</summary>
    internal void LearnMake(WireResponse response)
    {
        if (_make is null && response.Status < 500)
        {
            _make = StoreMakes.Of(response.Header("Server"), response.Header("x-amz-request-id")) ?? StoreMakes.Unknown;
        }
    }

    /// <summary>The kind of store. Sends the endpoint a request if it is not known yet.</summary>
    /// <param name="sendAsync">Sends any request to the endpoint.</param>
    internal async ValueTask<StoreMake> FindMakeAsync(Func<CancellationToken, Task> sendAsync, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (_make is null)
        {
            using var wait = new CancellationTokenSource(LongestWait, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, wait.Token);
            try
            {
                await sendAsync(both.Token);
            }
            catch (Exception failure)
                when (failure is RemoteException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Still unknown.
            }
        }

        return Make;
    }
}

/// <summary>Whether a response refused a request for its region, and which region it names.</summary>
/// <param name="Region">The region; null if none is named. Responses to HEAD may not name it.</param>
/// <param name="IsOne">True if it is a refusal for the region.</param>
/// <param name="MayBeOne">True if it is or may be one. Responses to HEAD have no document to show it.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
internal readonly record struct RegionRefusal(string? Region, bool IsOne, bool MayBeOne)
{
    public const string Header = "x-amz-bucket-region";

    /// <summary>True if a response with this status can be one.</summary>
    public static bool IsPossible(int status) =>
        status is StatusCodes.Status301MovedPermanently or StatusCodes.Status307TemporaryRedirect or StatusCodes.Status400BadRequest;

    /// <summary>Judges the response to a request, and reads its document if need be.</summary>
    public static async ValueTask<RegionRefusal> ReadAsync(WireRequest request, WireResponse response,
        CancellationToken cancellationToken)
    {
        var header = response.Header(Header);
        if (!IsPossible(response.Status))
        {
            return new(header, false, false);
        }

        var error = header is null && request.Method != "HEAD" ? await response.ErrorAsync(cancellationToken) : null;
        return Of(response.Status, header, error?.Code, error?.Region);
    }

    /// <summary>Judges a response.</summary>
    /// <param name="status">A status for which <see cref="IsPossible"/> is true.</param>
    /// <param name="header">The value of <see cref="Header"/>; null for none.</param>
    /// <param name="code">The error code; null without a document.</param>
    /// <param name="named">The region in the document; null for none.</param>
    public static RegionRefusal Of(int status, string? header, string? code, string? named)
    {
        var isSaid = code is "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect"
            or "IllegalLocationConstraintException";
        return new(header ?? (isSaid ? named : null), isSaid || (header is not null && status != StatusCodes.Status400BadRequest), isSaid
            || code is null);
    }
}
