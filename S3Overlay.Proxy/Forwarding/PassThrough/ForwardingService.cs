using System.Net;
using System.Xml;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
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
///     1 address    bucket and key at the store; the query that the operation knows           EndpointAddress, RequestQueries
///     2 headers    those that S3 documents                                                   RequestHeaders
///     3 body       small: read and checked first, sent in one piece                          PreparedBody
///                  large: streamed, the last byte held back until all is checked (rule W7)   StreamedContent
///                  of unknown length: spooled first, since stores do not take such           SpooledBody
///                  its checksum in the form that the store takes                             RelayedChecksums
///     4 sign       with the keys of the proxy or those of the client for the store;       StoreIdentities, RequestSigner
///                  unsigned requests stay unsigned (rule A3)
///     5 send       once; again only for reads, and if the store has no byte of it         StoreConnection
///                  again in the bucket's region if the store names another               RegionLessons
///   answer
///     6 headers    all but those of the connection; addresses become the proxy's             ResponseHeaders, Addresses
///     7 body       as it comes, error documents too; an upload's Location is rewritten       ResponseBody, CompletedUploads
/// </code>
/// </remarks>
public sealed class ForwardingService : IS3Service, IDisposable
{
    /// <summary>HttpClient waits for 100 Continue only above this size.</summary>
    private const int HeldByClient = 1024;

    /// <summary>Error documents are a few hundred bytes.</summary>
    internal const int LongestError = 64 << 10;

    private readonly ForwardingSettings _settings;
    private readonly StoreIdentities _identities;
    private readonly EndpointRegions _regions;
    private readonly Func<StoreCapabilities?> _store;
    private readonly EndpointMake _make;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreConnection _connection;
    private readonly RegionLessons _lessons;
    private readonly EndpointAddress _address;
    private readonly SpoolQuota _spool;
    private readonly Uri _endpoint;

    /// <param name="store">The endpoint's capabilities, which decide how checksums are sent; null while unknown.</param>
    /// <param name="make">The kind of store: which names it reserves, and its operations beyond S3.</param>
    internal ForwardingService(
        ForwardingSettings settings, StoreIdentities identities, EndpointRegions regions, Func<StoreCapabilities?> store, EndpointMake make,
        TimeProvider time, ILogger<ForwardingService> logger)
    {
        (_settings, _identities, _regions, _store, _make, _time, _logger) = (settings, identities, regions, store, make, time, logger);
        _endpoint = settings.Endpoint.Address;
        _address = new EndpointAddress(_endpoint, settings.Endpoint.Addressing);
        _connection = new StoreConnection(settings.Endpoint, regions);
        _lessons = new RegionLessons(this, regions);
        _spool = new SpoolQuota(settings.SpoolMaxBytes);
    }

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

        using var patience = new SilenceTimeout(_time, cancellationToken);
        using var response = await SendAsync(request, patience, cancellationToken);
        await AnswerAsync(request, response, answer, patience, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Sends a request. The caller disposes the response.</summary>
    /// <exception cref="S3Exception">
    /// The client's body did not match what it declared, or ServiceUnavailable if the store did not respond.
    /// </exception>
    internal async Task<HttpResponseMessage> SendAsync(S3Request request, SilenceTimeout patience, CancellationToken cancellationToken)
    {
        if (LimitedDeletes.Is(request))
        {
            // The store does not know the access rights of this proxy and would apply the whole document.
            throw new S3Exception(S3Errors.AccessDenied);
        }

        RefuseArchive(request);
        if (RelayedChecksums.AreUnknown(request, _store()))
        {
            request = request with { Body = new BareBody(request.Body) };
        }

        var isSmall = request.Body.Length <= PreparedBody.Limit && !WaitsForStore(request);
        if (!isSmall && RelayedChecksums.NeedSeal(request, _store()))
        {
            await using var summed = RelayedChecksums.Sealed(request.Body);
            return await SendAsync(request with { Body = summed }, patience, cancellationToken);
        }

        if (request.Body.Length is null || (!isSmall && RelayedChecksums.NeedEnd(request, _store())))
        {
            await using var spooled = await SpooledBody.ReadAsync(request.Body, _settings.SpoolDirectory, _spool, cancellationToken);
            return await SendAsync(request with { Body = spooled }, patience, cancellationToken);
        }

        if (!isSmall)
        {
            return await SendStreamedAsync(request, patience, cancellationToken);
        }

        using var body = await PreparedBody.ReadAsync(request.Body, cancellationToken);
        for (var attempt = 0; ; attempt++)
        {
            var region = RegionOf(request);
            var response = await SendPreparedAsync(request, body, region, patience, cancellationToken);
            if (!await _lessons.IsTaughtAsync(request, response, region, attempt, patience, cancellationToken))
            {
                return response;
            }
        }
    }

    /// <summary>Sends the store's response to the client.</summary>
    internal async Task AnswerAsync(S3Request request, HttpResponseMessage response, S3Response answer, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        answer.Status = (int)response.StatusCode;
        ResponseHeaders.Copy(response, answer, request, _endpoint);
        if (request.IsHead || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }

        try
        {
            patience.Limit(_settings.StallTimeout);
            await using var source = await response.Content.ReadAsStreamAsync(patience.Token);
            if (request.Operation == S3Operation.CompleteMultipartUpload && response.StatusCode == HttpStatusCode.OK
                && CodingOf(response) is null)
            {
                patience.Limit(_settings.LongAnswerTimeout);
                await CompletedUploads.SendAsync(source, request, answer, patience.Token);
                return;
            }

            await ResponseBody.SendAsync(source, answer, _settings, patience, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or InvalidDataException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            if (!answer.HasStarted)
            {
                throw _connection.Unavailable("its response ended early", failure);
            }

            // The response cannot be completed, and must not look complete. Bytes that arrived are sent: clients resume from there.
            Log.LocalAnswerCut(_logger, request.RequestId, failure.Message);
            var sending = (Task)answer.FlushAsync(cancellationToken).AsTask();
            await sending.WaitAsync(_settings.StallTimeout, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            answer.Abort();
        }
    }

    /// <summary>
    /// The error code of the store's response; null if its document has none. The document stays buffered for the client.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the store breaks off within it, or stops.</exception>
    internal async Task<string?> CodeAsync(HttpResponseMessage response, SilenceTimeout patience, CancellationToken cancellationToken) =>
        (await ErrorAsync(response, patience, cancellationToken))?.ChildText("Code");

    /// <summary>The store's error document; null if it cannot be read.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the store breaks off within it, or stops.</exception>
    internal async Task<XElement?> ErrorAsync(HttpResponseMessage response, SilenceTimeout patience, CancellationToken cancellationToken)
    {
        try
        {
            patience.Limit(_settings.StallTimeout);
            await response.Content.LoadIntoBufferAsync(LongestError, patience.Token);
            var document = await response.Content.ReadAsByteArrayAsync(patience.Token);
            return S3XmlReader.Parse(await ContentCodings.DecodeAsync(document, CodingOf(response), LongestError, patience.Token));
        }
        catch (Exception unreadable) when (unreadable is XmlException or InvalidDataException)
        {
            return null;
        }
        catch (Exception broken)
            when (broken is IOException or HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw _connection.Unavailable("its response ended early", broken);
        }
    }

    private async Task<HttpResponseMessage> SendPreparedAsync(S3Request request, PreparedBody body, string region, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        using var message = Start(request, region, out var target, out var signed);
        if (body.Length > 0 || request.Method is "PUT" or "POST")
        {
            SetContent(message, new ReadOnlyMemoryContent(body.Bytes));
        }

        RelayedChecksums.Add(message, request, signed);
        await SignAsync(message, request, target, region, signed, body.Length == 0 ? SigV4.EmptyPayload
            : PayloadHash(request), cancellationToken);
        patience.Limit(AnswerTimeoutOf(request));
        return await _connection.SendAsync(message, request.Bucket, null, patience, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendStreamedAsync(S3Request request, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        if (_store() is { Conditions.KeepKeys: true } && (request.Headers.IfMatch.Count > 0 || request.Headers.IfNoneMatch.Count > 0))
        {
            await request.Body.BeginAsync(cancellationToken);
        }

        for (var attempt = 0; ; attempt++)
        {
            var region = RegionOf(request);
            var (length, store) = (request.Body.Length!.Value, _store());
            var trailer = RelayedChecksums.Framing(request, store, length);
            var verdict = length <= HeldByClient ? new StoreVerdict() : null;
            var content = new StreamedContent(request.Body, length, trailer, patience, _settings.StallTimeout, AnswerTimeoutOf(request),
                verdict);
            var response = await SendStreamedAsync(request, content, trailer, store, region, patience, cancellationToken);
            if (!await _lessons.IsTaughtAsync(request, response, region, attempt, patience, cancellationToken))
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
        SilenceTimeout patience, CancellationToken cancellationToken)
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

        await SignAsync(message, request, target, region, signed, hash, cancellationToken);
        patience.Limit(_settings.Endpoint.ConnectTimeout + _settings.StallTimeout);
        return await _connection.SendAsync(message, request.Bucket, content, patience, cancellationToken);
    }

    /// <summary>
    /// True if the store may refuse before the client sends its body. HttpClient does this above 1 KiB. Below, it needs its own connection
    /// (<see cref="StoreVerdict"/>), which pays only if the store alone can refuse: signed requests were checked here, and 1 KiB is sent
    /// quickly.
    /// </summary>
    private bool WaitsForStore(S3Request request) =>
        request.Body.Length > 0
        && (request.Body.Length > HeldByClient || IsUnsigned(request))
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

        if (!_identities.IsStoresAlone(request.Bucket))
        {
            throw S3Exception.ArchiveNotUnpacked();
        }

        if (!IsUnsigned(request) && !request.MayWrite(S3Request.WholeBucket))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }

    /// <summary>True if the request is forwarded unsigned.</summary>
    private bool IsUnsigned(S3Request request) => request.Caller.IsAnonymous && !_settings.SignsForEveryone
        && _identities.IsStoresAlone(request.Bucket);

    /// <summary>A new bucket is in the store's own region, whatever was learned about an earlier bucket of that name.</summary>
    private string RegionOf(S3Request request) => _regions.Of(request.Operation == S3Operation.CreateBucket ? "" : request.Bucket);

    /// <summary>The message as far as it is the client's.</summary>
    private HttpRequestMessage Start(S3Request request, string region, out EndpointTarget target, out List<KeyValuePair<string,
        string>> signed)
    {
        var make = _make.Known;
        if (_address.IsKept(make, request.Bucket, request.Key))
        {
            // The front door has looked already, at what clients ask for. This is for all else, and the last door before the store.
            throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", request.Bucket)] };
        }

        target = _address.Of(request.Bucket, request.Key, RequestQueries.Of(request.Query, make.Operations.ParametersOf(request.Operation)),
            region);
        var message = new HttpRequestMessage(new HttpMethod(request.Method), target.Uri) { Version = HttpVersion.Version11 };
        signed = new List<KeyValuePair<string, string>>(8);
        RequestHeaders.Copy(request.Headers, message, signed);
        if (request.Method is not ("GET" or "HEAD"))
        {
            // What writes are answered with is read here as often as not (a Location, an error within a 200), and too small to be worth
            // compressing.
            message.Headers.Remove("Accept-Encoding");
            message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        }

        message.Headers.TryAddWithoutValidation(ProxyChain.Header, ProxyChain.Through(_settings.Endpoint.InstanceId));
        return message;
    }

    /// <summary>The content encoding of a response; null for none.</summary>
    private static string? CodingOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var coding)
            && coding.ToString() is { Length: > 0 } one and not "identity" ? one : null;

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
        HttpRequestMessage message, S3Request request, EndpointTarget target, string region, List<KeyValuePair<string, string>> signed,
        string payloadHash, CancellationToken cancellationToken)
    {
        if (IsUnsigned(request) || await _identities.KeysFor(request.Caller, request.Bucket).GetAsync(cancellationToken) is not { } keys)
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
            _time.GetUtcNow()).Headers)
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
        S3Operation.GetObject or S3Operation.HeadObject => _settings.ReadAnswerTimeout,
        S3Operation.CompleteMultipartUpload or S3Operation.CopyObject or S3Operation.UploadPartCopy or S3Operation.RestoreObject
            or S3Operation.SelectObjectContent
            => _settings.LongAnswerTimeout,
        _ => _settings.AnswerTimeout,
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
