using System.Net;
using System.Net.Sockets;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>
/// An S3 client that returns each response with its headers unchanged. It signs every attempt anew, learns regions and the endpoint's
/// clock, retries what can be retried, slows down for an endpoint that throttles, stops at its time budget, and does not try while the
/// bucket is known to be down.
/// </summary>
public sealed class S3WireClient : IAsyncDisposable, IDisposable
{
    private const int MaxAttempts = 5;

    private readonly EndpointSettings _settings;
    private readonly CredentialSource _credentials;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly EndpointAddress _address;
    private readonly bool _isDerived;
    private readonly BucketHealth? _outages;
    private readonly AdaptiveConcurrencyLimit _pace = new();
    private long _skewTicks;

    /// <summary>No response has had a date.</summary>
    private const long Unseen = long.MinValue;

    private long _aheadTicks = Unseen;

    /// <summary>Creates a client. If the endpoint is not writable, only GET and HEAD pass (rule W1).</summary>
    /// <param name="settings">The endpoint.</param>
    /// <param name="credentials">What to sign with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="whenDown">
    /// Called with true when a bucket stops answering, and with false when it answers again. In between, its requests fail at once. Null:
    /// each request finds out for itself.
    /// </param>
    public S3WireClient(EndpointSettings settings, CredentialSource credentials, TimeProvider time, Action<string, bool>? whenDown = null)
    {
        (_settings, _credentials, _time) = (settings, credentials, time);
        _address = new EndpointAddress(settings.Address, settings.Addressing);
        var connections = settings.CreateHandler();
        _http = new HttpMessageInvoker(settings.IsWritable ? connections : new ReadOnlyHandler(connections));
        Facts = new EndpointFacts(settings);
        _outages = whenDown is null ? null : new BucketHealth(AnswersAsync, whenDown, time);
    }

    private S3WireClient(S3WireClient origin, CredentialSource credentials)
    {
        (_settings, _credentials, _time, _http, _address, Facts, _isDerived) =
            (origin._settings, credentials, origin._time, origin._http, origin._address, origin.Facts, true);
    }

    /// <summary>A client with other keys that shares the connections of this one. They close with this one.</summary>
    public S3WireClient As(CredentialSource credentials) => new(this, credentials);

    /// <summary>What the endpoint's responses have taught so far.</summary>
    public EndpointFacts Facts { get; }

    /// <summary>
    /// True if the endpoint reserves the address of a bucket or object, so that it must not be requested. Asks the endpoint once if that
    /// depends on its kind and the kind is not known yet.
    /// </summary>
    public async ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _address.IsKept(Facts.Make, bucket, key)
            && _address.IsKept(await Facts.FindMakeAsync(SendAnythingAsync, _time, cancellationToken), bucket, key);

    /// <summary>True if any bucket of the endpoint is known to be down.</summary>
    public bool IsDown => _outages is { Any: true };

    /// <summary>Whether a bucket of the endpoint answers.</summary>
    public RemoteCondition ConditionOf(string bucket) => _outages?.ConditionOf(bucket) ?? RemoteCondition.Answering;

    /// <summary>Starts a check in the background whether a bucket answers.</summary>
    public void Suspect(string bucket) => _outages?.Suspect(bucket);

    /// <summary>Sends a request, with retries, until the response is one that a retry would not improve.</summary>
    /// <exception cref="RemoteException">Unavailable, Throttled, BadCredentials.</exception>
    /// <param name="since">
    /// When the operation began that this request is part of: the budget covers all its requests. Null if this is the first.
    /// </param>
    /// <param name="budgetOfItsOwn">The time for all attempts together; null for the endpoint's budget.</param>
    internal async Task<WireResponse> SendAsync(WireRequest request, CancellationToken cancellationToken, long? since = null,
        TimeSpan? budgetOfItsOwn = null)
    {
        var started = _time.GetTimestamp();
        var left = (budgetOfItsOwn ?? _settings.Budget) + TimeToSend(request.Body) - (since is { } begun
            ? _time.GetElapsedTime(begun, started) : TimeSpan.Zero);
        using var budget = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, budget.Token);
        RemoteException? last = null;
        var isSuspect = false;
        for (var attempt = 0; attempt < MaxAttempts && _outages?.IsOn(request.Bucket) is not true; attempt++)
        {
            try
            {
                if (attempt > 0)
                {
                    await Task.Delay(Backoff(attempt), _time, both.Token);
                    if (_outages?.IsOn(request.Bucket) is true)
                    {
                        break;
                    }
                }

                var response = await PacedAsync(request, attempt, both.Token);

                // 507: a full store is still full on a retry.
                if ((response.Status < 500 || response.Status == (int)HttpStatusCode.InsufficientStorage
                    || (response.Status == 500 && request.TakesInternalError))
                    && response.Status != (int)HttpStatusCode.TooManyRequests)
                {
                    return response;
                }

                using (response)
                {
                    if (response.Status == 508)
                    {
                        throw new RemoteException(RemoteFailure.Loop,
                            $"The {_settings.Role} {_settings.Name} is this proxy itself, or leads back to it.") { Status = 508,
                            Code = "LoopDetected" };
                    }

                    if (response.Status == 501)
                    {
                        throw new RemoteException(RemoteFailure.Other, $"The {_settings.Role} answered {response.Status}.")
                            { Status = response.Status, Code = "NotImplemented" };
                    }

                    var error = await response.ErrorAsync(both.Token);
                    var isThrottle = response.Status == 429 || error.Code is "SlowDown" or "Throttling" or "RequestLimitExceeded"
                        or "TooManyRequests";
                    last = new RemoteException(isThrottle ? RemoteFailure.Throttled : RemoteFailure.Unavailable,
                        $"The {_settings.Role} answered {response.Status} {error.Code}".TrimEnd() + ".")
                    {
                        Status = response.Status, Code = error.Code,
                    };
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (OperationCanceledException) when (budget.IsCancellationRequested)
            {
                last ??= Unavailable("it did not answer in time", null);
                attempt = MaxAttempts - 1;
            }
            catch (OperationCanceledException e)
            {
                last = Unavailable("it did not answer in time", e);
            }
            catch (HttpRequestException e)
            {
                last = Unavailable(e.InnerException?.Message ?? e.Message, e);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // HttpClient asks for the remote end point of a connection that was cut at once, which throws SocketException.
                last = Unavailable(e.Message, e);
            }

            if (!isSuspect && last.Failure == RemoteFailure.Unavailable
                && (attempt == MaxAttempts - 1 || _time.GetElapsedTime(started) >= _settings.ConnectTimeout))
            {
                isSuspect = true;
                Suspect(request.Bucket);
            }
        }

        throw last ?? Unavailable("it has answered nothing for a while, and is asked once a second until it does", null);
    }

    /// <summary>
    /// Sends a request once, even if the bucket is known to be down. It is sent again only if it was refused for its region or clock.
    /// </summary>
    /// <exception cref="RemoteException">BadCredentials: there are no credentials.</exception>
    /// <exception cref="HttpRequestException">The network's failures come as they are, and <see cref="IOException"/>,
    /// <see cref="SocketException"/> and time-outs too.</exception>
    internal Task<WireResponse> SendUnretriedAsync(WireRequest request, CancellationToken cancellationToken) =>
        AttemptAsync(request, 0, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_outages is not null)
        {
            await _outages.DisposeAsync();
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDerived)
        {
            _http.Dispose();
        }
    }

    /// <summary>
    /// Checks once whether the endpoint answers for a bucket. A 503 shows that it does: a HEAD has no document that says more.
    /// </summary>
    private async Task<bool> AnswersAsync(string bucket, CancellationToken cancellationToken)
    {
        using var response = await AttemptAsync(new WireRequest("HEAD", bucket), 0, cancellationToken);
        return IsSign(response.Status);
    }

    /// <summary>True if the status comes from the endpoint itself, and not from a gateway in front of it.</summary>
    private static bool IsSign(int status) => status is < 500 or 501 or 503 or 508;

    /// <summary>Makes one attempt within the concurrency limit. S3 throttles with 429 and 503.</summary>
    private async Task<WireResponse> PacedAsync(WireRequest request, int attempt, CancellationToken cancellationToken)
    {
        var turn = await _pace.EnterAsync(cancellationToken);
        bool? isTooMany = null;
        try
        {
            var response = await AttemptAsync(request, attempt, cancellationToken);
            isTooMany = response.Status is 429 or 503;
            if (IsSign(response.Status))
            {
                _outages?.NoteResponse(request.Bucket);
            }

            return response;
        }
        finally
        {
            _pace.Leave(turn, isTooMany);
        }
    }

    private async Task<WireResponse> AttemptAsync(WireRequest request, int attempt, CancellationToken cancellationToken)
    {
        var region = RegionOf(request);
        var response = await SendOnceAsync(request, region, attempt, cancellationToken);
        if (response.Status < 300 && IsOfBucketItself(request))
        {
            Facts.ForgetRegion(request.Bucket);
        }

        for (var lesson = 0; lesson < 2 && response.Status is 301 or 307 or 400 or 403
            && await LearnsAsync(request, response, region, cancellationToken); lesson++)
        {
            response.Dispose();
            region = RegionOf(request);
            response = await SendOnceAsync(request, region, attempt + lesson + 1, cancellationToken);
        }

        return response;
    }

    /// <summary>
    /// True for CreateBucket and DeleteBucket. A new bucket is in the endpoint's own region, whatever was learned about an earlier bucket
    /// of that name.
    /// </summary>
    private static bool IsOfBucketItself(WireRequest request) => request is { Method: "PUT" or "DELETE", Key.Length: 0, Query.Length: 0 };

    private string RegionOf(WireRequest request) =>
        Facts.RegionOf(request.Method == "PUT" && IsOfBucketItself(request) ? "" : request.Bucket);

    /// <summary>Learns from a refusal, and returns whether another attempt may succeed. Disposes the response on failure.</summary>
    private async ValueTask<bool> LearnsAsync(WireRequest request, WireResponse response, string region,
        CancellationToken cancellationToken)
    {
        try
        {
            return await LearnAsync(request, response, region, cancellationToken);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async ValueTask<bool> LearnAsync(WireRequest request, WireResponse response, string region, CancellationToken cancellationToken)
    {
        var refusal = await RegionRefusal.ReadAsync(request, response, cancellationToken);
        if ((refusal.Region is { Length: > 0 } named && Facts.LearnRegion(request.Bucket, named, region)) || LearnsClock(response))
        {
            return true;
        }

        if (IsOfBucketItself(request) || request is { Method: "HEAD", Key.Length: 0 }
            || !Facts.IsWorthAsking(request.Bucket, response.Status, refusal))
        {
            return false;
        }

        using var head = await SendOnceAsync(new WireRequest("HEAD", request.Bucket), region, 0, cancellationToken);
        return Facts.LearnRegionFromHead(request.Bucket, head.Header(RegionRefusal.Header), head.Status, region);
    }

    /// <summary>True if a refusal showed that the clocks differ. From then on, requests are signed by the endpoint's clock.</summary>
    private bool LearnsClock(WireResponse response)
    {
        if (response.Status != 403 || !HttpDates.TryParseHeader(response.Header("Date"), out var theirs)
            || (theirs - Now).Duration() < TimeSpan.FromMinutes(5))
        {
            return false;
        }

        Interlocked.Exchange(ref _skewTicks, (theirs - _time.GetUtcNow()).Ticks);
        return true;
    }

    /// <summary>How far the endpoint's clock is ahead of this one, by its last response; null if none had a date.</summary>
    public TimeSpan? Ahead => Volatile.Read(ref _aheadTicks) is var ticks && ticks == Unseen ? null : TimeSpan.FromTicks(ticks);

    /// <summary>The time by the endpoint's clock, as far as it is known.</summary>
    private DateTimeOffset Now => _time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _skewTicks));

    /// <summary>Signs a request if there are keys.</summary>
    /// <exception cref="RemoteException">BadCredentials: no credentials could be obtained.</exception>
    private async ValueTask SignAsync(HttpRequestMessage message, WireRequest request, EndpointAddress.Target target, string region,
        CancellationToken cancellationToken)
    {
        SigningCredentials? keys;
        try
        {
            keys = await _credentials(cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new RemoteException(RemoteFailure.BadCredentials, e.Message, e);
        }

        var headers = request.Headers.Where(static h => RequestSigner.MustSign(h.Key));
        if (_settings.RequestPayer)
        {
            message.Headers.TryAddWithoutValidation("x-amz-request-payer", "requester");
            headers = headers.Append(new("x-amz-request-payer", "requester"));
        }

        if (keys is null)
        {
            return;
        }

        var signed = new RequestSigner(keys, region).Sign(request.Method, target.Host, target.RawPath, target.RawQuery, headers,
            request.Body?.Sha256 ?? SigV4.EmptyPayload, Now);
        foreach (var header in signed.Headers)
        {
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    private async Task<WireResponse> SendOnceAsync(WireRequest request, string region, int resends, CancellationToken cancellationToken)
    {
        if (_address.IsKept(Facts.Make, request.Bucket, request.Key))
        {
            throw new RemoteException(RemoteFailure.NoSuchBucket, $"The {_settings.Role} keeps the name {request.Bucket} for itself.")
                { Status = 404, Code = "NoSuchBucket" };
        }

        var target = _address.Of(request.Bucket, request.Key, request.Query, region);
        using var message = request.ToMessage(target.Uri);
        await SignAsync(message, request, target, region, cancellationToken);
        message.Headers.TryAddWithoutValidation(ProxyChain.Header, ProxyChain.Through(_settings.InstanceId));
        using var span = Tracing.StartAttempt(request.Method, _settings.Role, target.Uri, request.Bucket, resends);
        Tracing.Propagate(span, message);
        var started = _settings.Meters?.Started() ?? 0;
        using var first = new CancellationTokenSource(_settings.FirstByteTimeout + _settings.ConnectTimeout + TimeToSend(request.Body),
            _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, first.Token);
        try
        {
            var response = new WireResponse(await _http.SendAsync(message, both.Token));
            Tracing.RecordAttemptResponse(span, response.Status);
            if (HttpDates.TryParseHeader(response.Header("Date"), out var date))
            {
                Volatile.Write(ref _aheadTicks, (date - _time.GetUtcNow()).Ticks);
            }

            _settings.Meters?.Answered(started, response.Status);
            Facts.LearnMake(response);
            return response;
        }
        catch (Exception failure)
        {
            Tracing.RecordAttemptFailure(span, failure);
            Facts.ForgetUnreachable(request.Bucket, failure);
            _settings.Meters?.Failed(started, cancellationToken.IsCancellationRequested);
            throw;
        }
    }

    private async Task SendAnythingAsync(CancellationToken cancellationToken) =>
        (await SendAsync(new WireRequest("GET", ""), cancellationToken)).Dispose();

    /// <summary>The extra time for sending a body: one second per MiB, slower than any store in use.</summary>
    private static TimeSpan TimeToSend(WireBody? body) => TimeSpan.FromSeconds((body?.Length ?? 0) >> 20);

    private RemoteException Unavailable(string why, Exception? cause) =>
        new(RemoteFailure.Unavailable, $"The {_settings.Role} {_settings.Name} could not be reached: {why}.", cause);

    /// <summary>100 ms, doubled each time, with jitter so that waiting requests do not return together.</summary>
    private static TimeSpan Backoff(int attempt) =>
        TimeSpan.FromMilliseconds(100 * (1 << attempt) * (0.5 + (Random.Shared.NextDouble() / 2)));
}
