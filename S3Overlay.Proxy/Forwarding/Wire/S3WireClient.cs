using System.Net;
using System.Net.Sockets;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>
/// Asks an S3 endpoint, and brings back its answer with every header as it came. Signs anew for each attempt, learns regions and the
/// endpoint's clock, repeats what may be repeated, asks for less at once of one that throttles, gives up within its budget, and does not
/// try at all while the bucket is known to be down.
/// </summary>
public sealed class S3WireClient : IAsyncDisposable, IDisposable
{
    private const int MaxAttempts = 5;

    private readonly EndpointSettings _settings;
    private readonly EndpointSigner _signer;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly EndpointAddress _address;
    private readonly bool _isDerived;
    private readonly BucketHealth? _outages;
    private readonly AdaptiveConcurrencyLimit _pace = new();

    /// <summary>A client of an endpoint; of one that is not writable it lets nothing but GET and HEAD through (rule W1).</summary>
    /// <param name="settings">The endpoint.</param>
    /// <param name="credentials">What to sign with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="whenDown">
    /// Told when a bucket was found to answer nothing at all (true), and when it answers again. Meanwhile requests to it fail at once.
    /// Null: each request finds out for itself.
    /// </param>
    public S3WireClient(EndpointSettings settings, ICredentialSource credentials, TimeProvider time, Action<string, bool>? whenDown = null)
    {
        _settings = settings;
        _time = time;
        _address = new EndpointAddress(settings.Address, settings.Addressing);
        var connections = EndpointConnections.Create(settings);
        _http = new HttpMessageInvoker(settings.IsWritable ? connections : new ReadOnlyHandler(connections));
        Regions = new EndpointRegions(settings);
        Make = new EndpointMake(settings);
        _signer = new EndpointSigner(settings, credentials, Regions, time);
        _outages = whenDown is null ? null : new BucketHealth(AnswersAsync, whenDown, time);
    }

    private S3WireClient(S3WireClient origin, ICredentialSource credentials)
    {
        (_settings, _time, _http, _address, Regions, Make, _isDerived) =
            (origin._settings, origin._time, origin._http, origin._address, origin.Regions, origin.Make, true);
        _signer = new EndpointSigner(_settings, credentials, Regions, _time);
    }

    /// <summary>The same endpoint, asked with other keys over the same connections. They end with this client.</summary>
    public S3WireClient As(ICredentialSource credentials) => new(this, credentials);

    /// <summary>What it learnt of regions, and signs for.</summary>
    public EndpointRegions Regions { get; }

    /// <summary>What make of store the endpoint is.</summary>
    internal EndpointMake Make { get; }

    /// <summary>
    /// Whether the endpoint keeps the address of a bucket or object for itself: nothing about it may be asked. Costs a question where that
    /// depends on its make, and nothing is known of that.
    /// </summary>
    public async ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken) =>
        _address.IsKept(Make.Known, bucket, key)
            && _address.IsKept(await Make.FindAsync(AskAnythingAsync, _time, cancellationToken), bucket, key);

    /// <summary>Whether a bucket of the endpoint is known to answer nothing at all.</summary>
    public bool IsDown => _outages is { Any: true };

    /// <summary>What is known of a bucket of the endpoint.</summary>
    public RemoteCondition ConditionOf(string bucket) => _outages?.ConditionOf(bucket) ?? RemoteCondition.Answering;

    /// <summary>Finds out whether a bucket of the endpoint answers anything at all.</summary>
    public void Suspect(string bucket) => _outages?.Suspect(bucket);

    /// <summary>Sends a request until it is answered with something that asking again would not better.</summary>
    /// <exception cref="RemoteException">Unavailable, Throttled, BadCredentials.</exception>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    /// <param name="since">When what this is a part of began, where that has other requests too: the budget is for all of them.</param>
    /// <param name="budgetOfItsOwn">How long attempts may take together; null for as long as the endpoint's settings say.</param>
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

                var answer = await PacedAsync(request, attempt, both.Token);

                // 507: a store that is full is no less so when asked again.
                if ((answer.Status < 500 || answer.Status == (int)HttpStatusCode.InsufficientStorage
                    || (answer.Status == 500 && request.TakesInternalError))
                    && answer.Status != (int)HttpStatusCode.TooManyRequests)
                {
                    return answer;
                }

                using (answer)
                {
                    if (answer.Status == 508)
                    {
                        throw new RemoteException(
                            RemoteFailure.Loop,
                            $"The {_settings.Role} {_settings.Name} is this proxy itself, or leads back to it.") { Status = 508,
                            Code = "LoopDetected" };
                    }

                    if (answer.Status == 501)
                    {
                        throw new RemoteException(RemoteFailure.Other, $"The {_settings.Role} answered {answer.Status}.")
                            { Status = answer.Status, Code = "NotImplemented" };
                    }

                    var error = await answer.ErrorAsync(both.Token);
                    var isThrottle = answer.Status == 429 || error.Code is "SlowDown" or "Throttling" or "RequestLimitExceeded"
                        or "TooManyRequests";
                    last = new RemoteException(
                        isThrottle ? RemoteFailure.Throttled : RemoteFailure.Unavailable,
                        $"The {_settings.Role} answered {answer.Status} {error.Code}".TrimEnd() + ".")
                    {
                        Status = answer.Status, Code = error.Code,
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
                // SocketException: of a connection that was cut as soon as it was made, HttpClient asks for its other end.
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
    /// Sends a request once, whatever comes of it, and whatever is known of the endpoint: what is refused for its region or clock alone is
    /// signed anew.
    /// </summary>
    /// <exception cref="RemoteException">BadCredentials: there is nothing to sign with.</exception>
    /// <exception cref="HttpRequestException">The network's failures come as they are, and <see cref="IOException"/>,
    /// <see cref="SocketException"/> and time-outs too.</exception>
    internal Task<WireResponse> AskOnceAsync(WireRequest request, CancellationToken cancellationToken) =>
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
    /// Whether it answers anything about a bucket, asked once. That it has too much to do is an answer, which a HEAD has no document to
    /// tell apart.
    /// </summary>
    private async Task<bool> AnswersAsync(string bucket, CancellationToken cancellationToken)
    {
        using var answer = await AttemptAsync(new WireRequest("HEAD", bucket, "", "", []), 0, cancellationToken);
        return IsSign(answer.Status);
    }

    /// <summary>Whether an answer shows that the endpoint answers at all, and not that something before it does in its place.</summary>
    private static bool IsSign(int status) => status is < 500 or 501 or 503 or 508;

    /// <summary>
    /// An attempt among no more at once than the endpoint will have: 429 and 503 are how S3 says that there are too many.
    /// </summary>
    private async Task<WireResponse> PacedAsync(WireRequest request, int attempt, CancellationToken cancellationToken)
    {
        var turn = await _pace.EnterAsync(cancellationToken);
        bool? isTooMany = null;
        try
        {
            var answer = await AttemptAsync(request, attempt, cancellationToken);
            isTooMany = answer.Status is 429 or 503;
            if (IsSign(answer.Status))
            {
                _outages?.NoteAnswered(request.Bucket);
            }

            return answer;
        }
        finally
        {
            _pace.Leave(turn, isTooMany);
        }
    }

    private async Task<WireResponse> AttemptAsync(WireRequest request, int attempt, CancellationToken cancellationToken)
    {
        var region = RegionOf(request);
        var answer = await SendOnceAsync(request, region, attempt, cancellationToken);
        if (answer.Status < 300 && IsOfBucketItself(request))
        {
            Regions.Forget(request.Bucket);
        }

        for (var lesson = 0; lesson < 2 && answer.Status is 301 or 307 or 400 or 403
            && await LearnsAsync(request, answer, region, cancellationToken); lesson++)
        {
            answer.Dispose();
            region = RegionOf(request);
            answer = await SendOnceAsync(request, region, attempt + lesson + 1, cancellationToken);
        }

        return answer;
    }

    /// <summary>
    /// Makes a bucket, or deletes it: a new one is in the endpoint's own region, whatever was told of one that had its name before.
    /// </summary>
    private static bool IsOfBucketItself(WireRequest request) => request is { Method: "PUT" or "DELETE", Key.Length: 0, Query.Length: 0 };

    private string RegionOf(WireRequest request) => Regions.Of(request.Method == "PUT" && IsOfBucketItself(request) ? "" : request.Bucket);

    /// <summary>
    /// Whether a refusal teaches something by which another attempt may succeed. The answer is disposed of where nobody learns that.
    /// </summary>
    private async ValueTask<bool> LearnsAsync(WireRequest request, WireResponse answer, string region, CancellationToken cancellationToken)
    {
        try
        {
            return await LearnAsync(request, answer, region, cancellationToken);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private async ValueTask<bool> LearnAsync(WireRequest request, WireResponse answer, string region, CancellationToken cancellationToken)
    {
        if (await _signer.LearnAsync(request, answer, region, cancellationToken))
        {
            return true;
        }

        if (IsOfBucketItself(request) || request is { Method: "HEAD", Key.Length: 0 }
            || !Regions.IsWorthAsking(request.Bucket, answer.Status, await EndpointSigner.NamedAsync(request, answer, cancellationToken)))
        {
            return false;
        }

        var question = new WireRequest("HEAD", request.Bucket, "", "", []);
        using var told = await SendOnceAsync(question, region, 0, cancellationToken);
        return Regions.LearnFromHead(request.Bucket, told.Header(RegionRefusal.Header), told.Status, region);
    }

    private async Task<WireResponse> SendOnceAsync(WireRequest request, string region, int resends, CancellationToken cancellationToken)
    {
        if (_address.IsKept(Make.Known, request.Bucket, request.Key))
        {
            throw new RemoteException(RemoteFailure.NoSuchBucket, $"The {_settings.Role} keeps the name {request.Bucket} for itself.")
                { Status = 404, Code = "NoSuchBucket" };
        }

        var target = _address.Of(request.Bucket, request.Key, request.Query, region);
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), target.Uri) { Version = HttpVersion.Version11 };
        foreach (var header in request.Headers)
        {
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        if (request.Body is { } body)
        {
            message.Content = body.ToContent();
            message.Headers.ExpectContinue = request.AsksFirst;
            foreach (var header in request.Headers)
            {
                // Content-Type, Content-MD5: HttpClient has a place of its own for them.
                if (!message.Headers.NonValidated.Contains(header.Key))
                {
                    message.Content.Headers.TryAddWithoutValidation(header.Key, header.Value);
                }
            }
        }

        await _signer.SignAsync(message, request, target, region, cancellationToken);
        message.Headers.TryAddWithoutValidation(ProxyChain.Header, ProxyChain.Through(_settings.InstanceId));
        using var span = AttemptSpan.Start(request.Method, _settings.Role, target.Uri, request.Bucket, resends);
        AttemptSpan.Propagate(span, message);
        var started = _settings.Meters?.Started() ?? 0;
        using var first = new CancellationTokenSource(_settings.FirstByteTimeout + _settings.ConnectTimeout + TimeToSend(request.Body),
            _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, first.Token);
        try
        {
            var answer = await _http.SendAsync(message, both.Token);
            AttemptSpan.Answered(span, (int)answer.StatusCode);
            _settings.Meters?.Answered(started, (int)answer.StatusCode);
            var came = new WireResponse(answer);
            Make.Learn(came);
            return came;
        }
        catch (Exception failure)
        {
            AttemptSpan.Failed(span, failure);
            Regions.ForgetUnreachable(request.Bucket, failure);
            _settings.Meters?.Failed(started, cancellationToken.IsCancellationRequested);
            throw;
        }
    }

    private async Task AskAnythingAsync(CancellationToken cancellationToken) =>
        (await SendAsync(new WireRequest("GET", "", "", "", []), cancellationToken)).Dispose();

    /// <summary>What a body adds to the wait for an answer: a second for each MiB, which no store in use is slower than.</summary>
    private static TimeSpan TimeToSend(WireBody? body) => TimeSpan.FromSeconds((body?.Length ?? 0) >> 20);

    private RemoteException Unavailable(string why, Exception? cause) =>
        new(RemoteFailure.Unavailable, $"The {_settings.Role} {_settings.Name} could not be reached: {why}.", cause);

    /// <summary>100 ms, doubled each time, and spread, so that many waiters do not come back at once.</summary>
    private static TimeSpan Backoff(int attempt) =>
        TimeSpan.FromMilliseconds(100 * (1 << attempt) * (0.5 + (Random.Shared.NextDouble() / 2)));
}
