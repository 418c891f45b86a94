using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Signs requests, and learns the bucket's region and the endpoint's clock from refusals.</summary>
internal sealed class EndpointSigner(EndpointSettings settings, ICredentialSource credentials, EndpointRegions regions, TimeProvider time)
{
    private long _skewTicks;

    /// <summary>Signs a request if there are keys.</summary>
    /// <exception cref="RemoteException">BadCredentials: no credentials could be obtained.</exception>
    public async ValueTask SignAsync(HttpRequestMessage message, WireRequest request, EndpointTarget target, string region,
        CancellationToken cancellationToken)
    {
        SigningCredentials? keys;
        try
        {
            keys = await credentials.GetAsync(cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new RemoteException(RemoteFailure.BadCredentials, e.Message, e);
        }

        var headers = request.Headers.Where(static h => RequestSigner.MustSign(h.Key));
        if (settings.RequestPayer)
        {
            message.Headers.TryAddWithoutValidation("x-amz-request-payer", "requester");
            headers = headers.Append(new("x-amz-request-payer", "requester"));
        }

        if (keys is null)
        {
            return;
        }

        var now = time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _skewTicks));
        var signed = new RequestSigner(keys, region).Sign(request.Method, target.Host, target.RawPath, target.RawQuery, headers,
            request.Body?.Sha256 ?? SigV4.EmptyPayload, now);
        foreach (var header in signed.Headers)
        {
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>
    /// Learns from a response, and returns whether another attempt may succeed: it named another region, or showed that the clocks differ.
    /// </summary>
    public async ValueTask<bool> LearnAsync(WireRequest request, WireResponse answer, string signedFor, CancellationToken cancellationToken)
    {
        if (await NamedAsync(request, answer, cancellationToken) is { Region: { Length: > 0 } region }
            && regions.Learn(request.Bucket, region, signedFor))
        {
            return true;
        }

        if (answer.Status != 403
            || !HttpDates.TryParseHeader(answer.Header("Date"), out var theirs)
            || (theirs - time.GetUtcNow() - TimeSpan.FromTicks(Interlocked.Read(ref _skewTicks))).Duration() < TimeSpan.FromMinutes(5))
        {
            return false;
        }

        Interlocked.Exchange(ref _skewTicks, (theirs - time.GetUtcNow()).Ticks);
        return true;
    }

    /// <summary>The region that a response names.</summary>
    public static async ValueTask<RegionRefusal> NamedAsync(WireRequest request, WireResponse answer, CancellationToken cancellationToken)
    {
        var header = answer.Header(RegionRefusal.Header);
        if (!RegionRefusal.IsPossible(answer.Status))
        {
            return new(header, false, false);
        }

        var error = header is null && request.Method != "HEAD" ? await answer.ErrorAsync(cancellationToken) : null;
        return RegionRefusal.Of(answer.Status, header, error?.Code, error?.Region);
    }
}
