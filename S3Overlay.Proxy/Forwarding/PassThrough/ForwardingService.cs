using System.Buffers;
using System.Collections.Frozen;
using System.Net;
using System.Xml;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Forwards client requests to an S3 endpoint, and returns its responses unchanged.</summary>
/// <remarks>
/// <code>
///   request
///     1 address    bucket and key at the store; the query that the operation knows           EndpointAddress, QueryOf
///     2 headers    those that S3 documents                                                   RequestHeaders
///     3 body       small: read and checked first, sent in one piece                          SendSmallAsync
///                  large: streamed, the last byte held back until all is checked (rule W7)   StreamedContent
///                  of unknown length: spooled first, since stores do not take such           SpooledBody
///                  its checksum in the form that the store takes                             RelayedChecksums
///     4 sign       with the keys of the proxy or those of the client for the store;       StoreIdentities, RequestSigner
///                  unsigned requests stay unsigned (rule A3)
///     5 send       once; again only for reads, and if the store has no byte of it         StoreConnection
///                  again in the bucket's region if the store names another               IsTaughtRegionAsync
///   answer
///     6 headers    all but those of the connection; addresses become the proxy's             ResponseHeaders
///     7 body       as it comes, error documents too; an upload's Location is rewritten       ResponseBody, CompletedUploads
/// </code>
/// </remarks>
/// <param name="capabilities">The endpoint's capabilities, which decide how checksums are sent; null while unknown.</param>
internal sealed partial class ForwardingService(
    ForwardingSettings settings, StoreIdentities identities, EndpointFacts facts, Func<StoreCapabilities?> capabilities, TimeProvider time,
    ILogger<ForwardingService> logger) : IS3Service, IDisposable
{
    /// <summary>HttpClient waits for 100 Continue only above this size.</summary>
    private const int LargestSentAtOnce = 1024;

    /// <summary>Error documents are a few hundred bytes.</summary>
    internal const int LongestError = 64 << 10;

    /// <summary>The largest body that is read and checked before it is sent.</summary>
    private const int LargestSmallBody = 64 << 10;

    private readonly StoreConnection _connection = new(settings.Endpoint, facts);
    private readonly EndpointAddress _address = new(settings.Endpoint.Address, settings.Endpoint.Addressing);
    private readonly SpoolQuota _spool = new(settings.SpoolMaxBytes);

    /// <inheritdoc/>
    public async Task HandleAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        if (LimitedDeletes.Is(request))
        {
            await LimitedDeletes.AnswerAsync(request, answer, HandleAsync, cancellationToken);
            return;
        }

        if (LimitedBucketLists.Is(request))
        {
            await LimitedBucketLists.AnswerAsync(request, answer, HandleAsync, cancellationToken);
            return;
        }

        using var patience = new SilenceTimeout(time, cancellationToken);
        using var response = await SendAsync(request, patience);
        await AnswerAsync(request, response, answer, patience);
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Sends a request. The caller disposes the response.</summary>
    /// <exception cref="S3Exception">
    /// The client's body did not match what it declared, or ServiceUnavailable if the store did not respond.
    /// </exception>
    internal async Task<HttpResponseMessage> SendAsync(S3Request request, SilenceTimeout patience)
    {
        if (LimitedDeletes.Is(request))
        {
            // The store does not know the access rights of this proxy and would apply the whole document.
            throw new S3Exception(S3Errors.AccessDenied);
        }

        RefuseArchive(request);
        if (RelayedChecksums.AreUnknown(request, capabilities()))
        {
            request = request with { Body = new BareBody(request.Body) };
        }

        var isSmall = request.Body.Length <= LargestSmallBody && !WaitsForStore(request);
        if (!isSmall && RelayedChecksums.NeedSeal(request, capabilities()))
        {
            await using var summed = RelayedChecksums.Sealed(request.Body);
            return await SendAsync(request with { Body = summed }, patience);
        }

        if (request.Body.Length is null || (!isSmall && RelayedChecksums.NeedEnd(request, capabilities())))
        {
            await using var spooled = await SpooledBody.ReadAsync(request.Body, settings.SpoolDirectory, _spool, patience.Client);
            return await SendAsync(request with { Body = spooled }, patience);
        }

        if (!isSmall)
        {
            return await SendStreamedAsync(request, patience);
        }

        // One byte beyond the end: the read that finds the end also verifies. Its trailing checksum is sent as a header, which every store
        // accepts.
        var buffer = ArrayPool<byte>.Shared.Rent((int)request.Body.Length + 1);
        try
        {
            var length = 0;
            while (await request.Body.ReadAsync(buffer.AsMemory(length), patience.Client) is > 0 and var read)
            {
                length += read;
            }

            for (var attempt = 0; ; attempt++)
            {
                var region = RegionOf(request);
                var response = await SendSmallAsync(request, buffer.AsMemory(0, length), region, patience);
                if (!await IsTaughtRegionAsync(request, response, region, attempt, patience))
                {
                    return response;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<HttpResponseMessage> SendSmallAsync(S3Request request, ReadOnlyMemory<byte> body, string region,
        SilenceTimeout patience)
    {
        using var message = Start(request, region, out var target, out var signed);
        if (body.Length > 0 || request.Method is "PUT" or "POST")
        {
            SetContent(message, new ReadOnlyMemoryContent(body));
        }

        RelayedChecksums.Add(message, request, signed);
        await SignAsync(message, request, target, region, signed, body.Length == 0 ? SigV4.EmptyPayload
            : PayloadHash(request), patience.Client);
        patience.Limit(AnswerTimeoutOf(request));
        return await _connection.SendAsync(message, request.Bucket, null, patience);
    }

    private async Task<HttpResponseMessage> SendStreamedAsync(S3Request request, SilenceTimeout patience)
    {
        if (capabilities() is { Conditions.KeepKeys: true } && (request.Headers.IfMatch.Count > 0 || request.Headers.IfNoneMatch.Count > 0))
        {
            await request.Body.BeginAsync(patience.Client);
        }

        for (var attempt = 0; ; attempt++)
        {
            var region = RegionOf(request);
            var (length, store) = (request.Body.Length!.Value, capabilities());
            var trailer = RelayedChecksums.Framing(request, store, length);
            var verdict = length <= LargestSentAtOnce ? new StoreVerdict() : null;
            var content = new StreamedContent(request.Body, length, trailer, patience, settings.StallTimeout, AnswerTimeoutOf(request),
                verdict);
            var response = await SendStreamedAsync(request, content, trailer, store, region, patience);
            if (!await IsTaughtRegionAsync(request, response, region, attempt, patience))
            {
                return response;
            }

            if (content.HasBegun)
            {
                throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1,
                    "The bucket is in another region of the local store. Please try again.");
            }
        }
    }

    private async Task<HttpResponseMessage> SendStreamedAsync(
        S3Request request, StreamedContent content, TrailingChecksum? trailer, StoreCapabilities? store, string region,
        SilenceTimeout patience)
    {
        using var message = Start(request, region, out var target, out var signed);
        SetContent(message, content);

        // A store that refuses says so before the body is sent.
        message.Headers.ExpectContinue = true;
        var hash = PayloadHash(request);
        if (trailer is not null)
        {
            hash = RelayedChecksums.AddFraming(message, request, trailer, request.Body.Length!.Value, store, signed);
        }
        else
        {
            RelayedChecksums.Add(message, request, signed);
        }

        await SignAsync(message, request, target, region, signed, hash, patience.Client);
        patience.Limit(settings.Endpoint.ConnectTimeout + settings.StallTimeout);
        return await _connection.SendAsync(message, request.Bucket, content, patience);
    }

    /// <summary>
    /// True if the store may refuse before the client sends its body. HttpClient does this above 1 KiB. Below, it needs its own connection
    /// (<see cref="StoreVerdict"/>), which pays only if the store alone can refuse: signed requests were checked here, and 1 KiB is sent
    /// quickly.
    /// </summary>
    private bool WaitsForStore(S3Request request) =>
        request.Body.Length > 0
        && (request.Body.Length > LargestSentAtOnce || IsUnsigned(request))
        && request.Header("Expect") is { } expects && expects.Contains("100-continue", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// An archive that the store would unpack into keys that the caller may not write (rule A2), or past the overlay, whose own copies of
    /// the remote's objects may have this metadata too (rule T3).
    /// </summary>
    private void RefuseArchive(S3Request request)
    {
        if (!request.IsArchiveUpload)
        {
            return;
        }

        if (!identities.IsStoresAlone(request.Bucket))
        {
            throw S3Exception.ArchiveNotUnpacked();
        }

        if (!IsUnsigned(request) && !request.MayWrite(S3Request.WholeBucket))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }

    /// <summary>True if the request is forwarded unsigned.</summary>
    private bool IsUnsigned(S3Request request) => request.Caller.IsAnonymous && !settings.SignsForEveryone
        && identities.IsStoresAlone(request.Bucket);

    /// <summary>A new bucket is in the store's own region, whatever was learned about an earlier bucket of that name.</summary>
    private string RegionOf(S3Request request) => facts.RegionOf(request.Operation == S3Operation.CreateBucket ? "" : request.Bucket);

    /// <summary>The message as far as it is the client's.</summary>
    private HttpRequestMessage Start(S3Request request, string region, out EndpointAddress.Target target, out List<KeyValuePair<string,
        string>> signed)
    {
        var make = facts.Make;
        if (_address.IsKept(make, request.Bucket, request.Key))
        {
            // The front door has looked already, at what clients ask for. This is for all else, and the last door before the store.
            throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", request.Bucket)] };
        }

        target = _address.Of(request.Bucket, request.Key, QueryOf(request.Query, make.Operations.ParametersOf(request.Operation)), region);
        var message = new HttpRequestMessage(new HttpMethod(request.Method), target.Uri) { Version = HttpVersion.Version11 };
        signed = new List<KeyValuePair<string, string>>(8);
        RequestHeaders.Copy(request.Headers, message, signed);
        if (request.Method is not ("GET" or "HEAD"))
        {
            // Responses to writes are often read here (a Location, an error within a 200), and too small to be worth compressing.
            message.Headers.Remove("Accept-Encoding");
            message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        }

        message.Headers.TryAddWithoutValidation(ProxyChain.Header, ProxyChain.Through(settings.Endpoint.InstanceId));
        return message;
    }

    /// <summary>
    /// The query for the store: the parameters that the operation knows, in the client's order, encoded in the way that all servers sign.
    /// Parameters that S3 does not know could mean something to the store (rules A1, T3). Signature parameters, and those that replace
    /// headers, are never known.
    /// </summary>
    private static string QueryOf(S3Query query, FrozenSet<string> known) => query.Parameters.Count == 0 ? ""
        : string.Join('&', query.Parameters
            .Where(parameter => known.Contains(parameter.Key))
            .Select(static parameter => UriEncoding.EncodeComponent(parameter.Key)
                + (parameter.Value is null ? "" : $"={UriEncoding.EncodeComponent(parameter.Value)}")));

    /// <summary>Sets the body, and moves the headers that HttpClient keeps with it.</summary>
    private static void SetContent(HttpRequestMessage message, HttpContent content)
    {
        if (message.Content is { } placeholder)
        {
            foreach (var (name, values) in placeholder.Headers.NonValidated)
            {
                if (name != "Content-Length")
                {
                    foreach (var value in values)
                    {
                        content.Headers.TryAddWithoutValidation(name, value);
                    }
                }
            }
        }

        message.Content = content;
    }

    private async ValueTask SignAsync(
        HttpRequestMessage message, S3Request request, EndpointAddress.Target target, string region, List<KeyValuePair<string,
        string>> signed, string payloadHash, CancellationToken cancellationToken)
    {
        if (IsUnsigned(request) || await identities.KeysFor(request.Caller, request.Bucket)(cancellationToken) is not { } keys)
        {
            if (payloadHash == SigV4.StreamingUnsignedPayloadTrailer)
            {
                // Only this header says that the body is framed. Without it the frames would become part of the object.
                message.Headers.TryAddWithoutValidation("x-amz-content-sha256", payloadHash);
            }

            return;
        }

        var signer = new RequestSigner(keys, region);
        if (request.Operation != S3Operation.Preflight && PresignedQuery
            .TryReadUnusualLifetime(request.Query, out var start, out var lifetime))
        {
            // The store decides about such a link, so it is sent one.
            var query = signer.Presign(request.Method, target.Host, target.RawPath, target.RawQuery, signed, start, lifetime, payloadHash);
            message.RequestUri = _address.Of(request.Bucket, request.Key, query, region).Uri;
            return;
        }

        foreach (var (name, value) in signer.Sign(request.Method, target.Host, target.RawPath, target.RawQuery, signed, payloadHash,
            time.GetUtcNow()).Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>
    /// The hash that the client sent and the front door checks. Otherwise none: the connection to the store is the proxy's own.
    /// </summary>
    private static string PayloadHash(S3Request request) =>
        request.Header("x-amz-content-sha256") is { Length: 64 } hash ? hash : SigV4.UnsignedPayload;

    private TimeSpan AnswerTimeoutOf(S3Request request) => request.Operation switch
    {
        S3Operation.GetObject or S3Operation.HeadObject => settings.ReadAnswerTimeout,
        S3Operation.CompleteMultipartUpload or S3Operation.CopyObject or S3Operation.UploadPartCopy or S3Operation.RestoreObject
            or S3Operation.SelectObjectContent
            => settings.LongAnswerTimeout,
        _ => settings.AnswerTimeout,
    };

    /// <summary>A body without its checksum: the store must not be asked to check it.</summary>
    private sealed class BareBody(S3Body inner) : S3Body
    {
        public override long? Length => inner.Length;

        public override long? LongestLength => inner.LongestLength;

        public override ValueTask BeginAsync(CancellationToken cancellationToken) => inner.BeginAsync(cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer, cancellationToken);
    }
}
