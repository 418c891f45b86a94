using System.Diagnostics;

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Forms;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Telemetry.AccessLogs;
using S3Overlay.Proxy.Telemetry.Tails;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>Where every S3 request enters, and where every failure leaves.</summary>
/// <remarks>
/// <code>
///  request line and headers
///     1 identify      assigns an id, prepares CORS and bodies with Expect
///     2 read target   bucket and key from the target as sent; rejects foreign pages, answers preflights
///       a website's host: pages for everybody, see S3FrontDoor.Website
///     3 authenticate  once, before anything else is trusted (rule A1)
///     4 name          the operation; rejects unknown ones
///     5 authorise     may this caller do that here (rule A2)
///     6 serve         the service answers; the body is decoded and checked while it is read
///     7 fail          a failure becomes an S3 error, or a cut connection once bytes were sent
/// </code>
/// </remarks>
public sealed partial class S3FrontDoor(IS3Service service, AdministrationDoor administration, RequestAuthenticator authenticator,
    AccessRights rights, FrontDoorSettings settings, ProxyMeters meters, ILogger<S3FrontDoor> logger, RequestTail tail,
    AccessLog? accessLog = null)
{
    private readonly AccessGate _gate = new(rights, settings);
    private readonly PostUploads _posts = new(service, authenticator, rights, new(rights, settings), settings);

    /// <summary>Serves one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        // 1
        var requestId = NextRequestId();
        context.Response.Headers["x-amz-request-id"] = requestId;
        context.Response.Headers["x-amz-id-2"] = requestId;
        if (context.Request.Headers.Origin.Count > 0)
        {
            PrepareCors(context);
        }

        ExpectedBody.Watch(context);
        var started = meters.RequestStarted();
        var response = new KestrelResponse(context);
        var call = new Call(requestId, Tracing.StartRequest(context.Request));
        try
        {
            await ServeAsync(call, context, response);
        }
        catch (Exception failure)
        {
            // 7
            await FailAsync(call, context, response, failure);
        }
        finally
        {
            Note(call, context, response, started);
        }
    }

    /// <summary>Records how a request ended in metrics, traces and the access log.</summary>
    private void Note(Call call, HttpContext context, KestrelResponse response, long started)
    {
        var layer = response.Headers[OriginHeaders.Layer] is [{ } header, ..] ? header : null;
        var cache = response.Headers[OriginHeaders.Cache] is [{ } part, ..] ? part : null;
        var outcome = OutcomeOf(call, context, response);
        if (outcome == Outcomes.Left)
        {
            Log.ClientLeft(logger, call.RequestId, call.Operation);
        }

        meters.RequestFinished(started, call.Operation, response.Status, layer, cache, response.Sent);
        var isRoutine = response.IsPolled && outcome == Outcomes.Ok;
        if (call.Span is { } span)
        {
            if (isRoutine)
            {
                Tracing.Drop(span);
            }

            Tracing.FinishRequest(span, call.RequestId, response, layer, cache, outcome);
        }

        if (tail.IsWatched && call.Operation != S3Operation.Administration)
        {
            var contentRange = response.Headers.ContentRange is [{ } range, ..] ? range : null;
            tail.Add(new AnsweredRequest
            {
                Time = settings.Time.GetUtcNow() - Stopwatch.GetElapsedTime(started),
                Method = context.Request.Method,
                Operation = call.Operation,
                Bucket = call.Target.Bucket ?? "",
                Key = call.Key,
                Status = response.Status,
                Error = call.Error,
                Layer = layer,
                Cache = cache,
                Sent = response.Sent,
                Duration = Stopwatch.GetElapsedTime(started),
                ETag = response.Headers.ETag is [{ } etag, ..] ? etag : null,
                Range = AnsweredRequest.RangeOf(contentRange),
                Size = contentRange is null ? response.Headers.ContentLength : AnsweredRequest.SizeOf(contentRange),
            });
        }

        if (!isRoutine)
        {
            WriteLogs(call, context, response, started, outcome, layer, cache);
        }
    }

    private static string OutcomeOf(Call call, HttpContext context, KestrelResponse response) =>
        response.IsCut ? Outcomes.Cut
        : HasLeft(call, context, response) && !response.IsWhole ? Outcomes.Left
        : response.Status >= 500 ? Outcomes.Failed
        : response.Status >= 400 ? Outcomes.Refused
        : Outcomes.Ok;

    private static bool HasLeft(Call call, HttpContext context, KestrelResponse response) =>
        call.ClientDisconnected || response.ClientDisconnected || context.RequestAborted.IsCancellationRequested;

    private async Task ServeAsync(Call call, HttpContext context, KestrelResponse response)
    {
        var http = context.Request;
        if (!ProxyChain.TryEnter(http.Headers[ProxyChain.Header].ToString(), settings.InstanceId))
        {
            throw new S3Exception(LoopDetected);
        }

        // 2
        KeepPagesOut(http);
        var rawTarget = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var host = http.Host.Value ?? "";
        var target = call.Target = RequestTarget.Parse(
            rawTarget, host, settings.Domain, settings.KnowsTenants, settings.WebsiteDomain);

        // A website ignores its query, also one that is not well formed.
        var query = target.IsWebsite ? S3Query.Empty : S3Query.Parse(target.RawQuery);

        // 3
        var isAdministration = target.IsAdministration;
        var isForwarded = !isAdministration && settings.IsForwarded(target.Bucket);
        if (!isForwarded)
        {
            CheckHeaderSize(http.Headers);
        }

        if (isAdministration && IsOfForeignPage(http))
        {
            throw new S3Exception(S3Errors.AccessDenied, "Pages of other origins may not administer.");
        }

        if (http.Method == "OPTIONS" && !isAdministration && (!isForwarded || IsClosedToPages))
        {
            call.Operation = S3Operation.Preflight;
            Tracing.NameRequest(call.Span, call.Operation, target.Bucket, target.Key);
            CrossOrigin.SendPreflight(
                http, response, settings.AllowsCrossOrigin, settings.Guard is not null, settings.CorsOf(target.Bucket));
            return;
        }

        if (target.IsWebsite)
        {
            await ServeWebsiteAsync(call, context, response);
            return;
        }

        var isPreflight = isForwarded && http.Method == "OPTIONS";
        var authenticated = isPreflight
            ? OfPreflight(query)
            : (isAdministration ? administration.Authenticator : authenticator).Authenticate(
                http.Method, target.RawPath, target.RawQuery, query, http.Headers, host, target.IsVirtualHosted ? target.Bucket : "");

        // 4
        if (!isAdministration)
        {
            await RefuseKeptAsync(target.Bucket, target.Key, context.RequestAborted);
        }

        call.Operation = isPreflight
            ? S3Operation.Preflight
            : isAdministration ? S3Operation.Administration
            : OperationResolver.Resolve(
                http.Method, target.Bucket, target.Key, query, http.Headers, isForwarded ? settings.StoreKind() : null);
        Tracing.NameRequest(call.Span, call.Operation, isAdministration ? "" : target.Bucket, isAdministration ? "" : target.Key);

        // 5: the caller and key of a form are in its fields; the keys of DeleteObjects are in its document
        var caller = authenticated.Caller;
        call.Caller = caller;
        call.Records = settings.Logs is { } logs && logs.Wants(target.Bucket) ? new LogNotes() : null;
        var isForm = call.Operation == S3Operation.PostObject;
        var body = RequestBodies.Create(
            http.Body, HasBody(context), http.ContentLength, http.Headers, authenticated.Payload, call.Operation,
            leavesMalformed: isForwarded && settings.ChecksChecksums());
        var asked = new AccessQuestion(caller, call.Operation, target.Bucket, target.Key, query, http.Headers, context)
        {
            IsForwarded = isForwarded,
            Notes = call.Records,
        };
        if (call.Operation is S3Operation.PutObjectTagging or S3Operation.PutObjectRetention or S3Operation.PutObjectLegalHold)
        {
            (asked, body) = await WithBodyAsync(asked, body, context.RequestAborted);
        }

        var decision = isPreflight || (isAdministration && rights.MayAdminister(caller)) ? AccessDecision.Allowed
            : isAdministration || isForm ? AccessDecision.Denied
            : await _gate.JudgeAsync(asked);
        var mayWriteAll = decision != AccessDecision.Denied || (caller.IsAnonymous && isForwarded);
        if (!isForm && !mayWriteAll && !(call.Operation == S3Operation.DeleteObjects
            && (rights.MayWriteSome(caller, target.Bucket) || settings.Access?.Find(target.Bucket) is not null)))
        {
            throw isAdministration ? new S3Exception(S3Errors.AccessDenied) : Denied(caller, target.Bucket);
        }

        if (caller.IsAnonymous && !isForwarded && call.Operation is S3Operation.GetObject or S3Operation.HeadObject)
        {
            ObjectResponse.RefuseOverrides(query);
        }

        if (!isForwarded && !isAdministration)
        {
            settings.Owners?.Judge(call.Operation, http.Headers, settings.Access?.Find(target.Bucket)?.OwnerId);
        }

        // 6
        var request = new S3Request
        {
            Operation = call.Operation,
            Method = http.Method,
            Bucket = target.Bucket,
            Key = target.Key,
            Query = query,
            Headers = http.Headers,
            Caller = caller,
            Account = rights.AccountOf(caller),
            Owners = _gate.OwnersOf(target.Bucket),
            MaySee = call.Operation == S3Operation.ListBuckets && !(caller.IsAnonymous && isForwarded)
                && (!rights.MaySeeAll(caller) || settings.Access is { HasOwners: true }) ? _gate.SightOf(caller) : null,
            MayWrite = AccessRights.IsRead(call.Operation) ? S3Request.MayWriteNothing : _gate.WritesOf(caller, target.Bucket),
            MayDelete = call.Operation == S3Operation.DeleteObjects ? _gate.DeletesOf(asked) : S3Request.MayDeleteAll,
            MayWriteAll = mayWriteAll,
            Deleted = call.Operation == S3Operation.DeleteObjects && call.Records is { } records ? records.NoteDeleted : null,
            BypassesGovernance = call.Operation is S3Operation.DeleteObject or S3Operation.DeleteObjects or S3Operation.PutObjectRetention
                && string.Equals(http.Headers[LockHeaders.Bypass], "true", StringComparison.OrdinalIgnoreCase)
                && rights.MayBypassGovernance(caller),
            IsOfWritten = decision == AccessDecision.Opened && settings.KeepsRemote(target.Bucket)
                && AccessGate.IsOfWritten(call.Operation, http.Headers),
            Body = body,
            RequestId = call.RequestId,
            Received = settings.Time.GetUtcNow(),
            Address = new S3Address(http.Scheme, host, target.IsVirtualHosted),
        };
        if (!settings.Hidden.IsEmpty && !isAdministration)
        {
            RefuseHidden(request, response);
            request = await WithoutHiddenAsync(request, isForwarded, context.RequestAborted);
        }

        if (call.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy)
        {
            request = await WithSourceAsync(request, asked, call, context.RequestAborted);
        }

        await (isForm ? _posts.HandleAsync(request, context, response, call, context.RequestAborted)
            : (isAdministration ? administration.Service : service).HandleAsync(request, response, context.RequestAborted));
    }

    /// <summary>The request with its source, which the caller may read.</summary>
    private async ValueTask<S3Request> WithSourceAsync(
        S3Request request, AccessQuestion asked, Call call, CancellationToken cancellationToken)
    {
        var source = call.Source = CopySource.Parse(request, settings.KnowsTenants);
        await RefuseKeptAsync(source.Bucket, source.Key, cancellationToken);
        var isOfStore = settings.IsForwarded(source.Bucket);
        var read = await MayReadAsync(asked, source);
        if (read == AccessDecision.Denied
            || (isOfStore && source.WithPlus is { } other && await MayReadAsync(asked, other) == AccessDecision.Denied)
            || !await _gate.MayCopyTagsAsync(asked, OfSource(asked, source, S3Operation.GetObjectTagging)))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }

        if (!isOfStore)
        {
            settings.Owners?.JudgeSource(request.Headers, settings.Access?.Find(source.Bucket)?.OwnerId);
        }

        RefuseHidden(source);
        RefuseHidden(source.WithPlus);
        return source.Spell(request, leavesPlus: isOfStore) with
        {
            CopiesWritten = read == AccessDecision.Opened && settings.KeepsRemote(source.Bucket),
        };
    }

    /// <summary>
    /// Whether there is a body to read, as the server detects it: over HTTP/2, no header has to announce one. The server also treats a
    /// connection upgrade as a body. A body of unknown length without meaning, as with GET, is ignored.
    /// </summary>
    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false }
        && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
        && (context.Request.ContentLength is not null || context.Request.Method is "PUT" or "POST");

    /// <summary>
    /// Rejects names that a store uses for its own administration: called with the proxy's keys, it would do anything (rule A1).
    /// </summary>
    private async ValueTask RefuseKeptAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        if (await settings.IsKeptByStoreAsync(bucket, key, cancellationToken))
        {
            throw new S3Exception(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] };
        }
    }

    /// <summary>Whether the caller may copy an object. An S3 endpoint judges unsigned requests itself.</summary>
    private async ValueTask<AccessDecision> MayReadAsync(AccessQuestion asked, CopySource source)
    {
        var read = OfSource(asked, source, S3Operation.GetObject);
        return read.IsForwarded && asked.Caller.IsAnonymous ? AccessDecision.Allowed : await _gate.JudgeAsync(read);
    }

    private AccessQuestion OfSource(AccessQuestion asked, CopySource source, S3Operation operation) => asked with
    {
        Operation = operation,
        Bucket = source.Bucket,
        Key = source.Key,
        VersionId = source.VersionId,
        IsForwarded = settings.IsForwarded(source.Bucket),
        Notes = null,
    };

    /// <summary>The refusal of a request. As in S3, an unsigned request learns that a bucket does not exist.</summary>
    private S3Exception Denied(S3Caller caller, string bucket) =>
        caller.IsAnonymous && bucket.Length > 0 && settings.Access is { } access
            && !access.Exists(bucket) && (access.IsDeleted(bucket) || !settings.IsOverlaid(bucket))
            ? new(S3Errors.NoSuchBucket) { Details = [new("BucketName", bucket)] } : new(S3Errors.AccessDenied);

    /// <summary>Reads what the body sets (tags, a lock) before the request is judged, if the bucket's policy asks for it.</summary>
    private async ValueTask<(AccessQuestion Asked, S3Body Body)> WithBodyAsync(
        AccessQuestion asked, S3Body body, CancellationToken cancellationToken)
    {
        if (settings.Access?.Find(asked.Bucket) is not { Policy: { } policy }
            || !(asked.Operation == S3Operation.PutObjectTagging ? policy.ReadsNewTags : policy.ReadsNewLocks))
        {
            return (asked, body);
        }

        var read = await ReadBody.ReadAsync(body, cancellationToken);
        if (await S3XmlReader.ReadAsync(read, cancellationToken) is { } root)
        {
            asked = asked.Operation switch
            {
                S3Operation.PutObjectTagging => asked with { NewTags = ObjectTags.FromXml(root) },
                S3Operation.PutObjectLegalHold => asked with { NewLock = new() { LegalHold = LockDocuments.ReadLegalHold(root) } },
                _ => LockDocuments.ReadRetention(root) is { } kept
                    ? asked with { NewLock = new() { Mode = kept.Mode, Until = kept.Until } } : asked,
            };
        }

        return (asked, read.Again());
    }

    /// <summary>
    /// A preflight is anonymous, and its response is for everyone. But its URL may be one that a user of the store signed, and the bucket
    /// name then means that user's bucket. The signature cannot be checked: it covers headers of the request to come.
    /// </summary>
    private (S3Caller Caller, PayloadPlan Payload) OfPreflight(S3Query query)
    {
        var claimed = new S3Caller(PresignedQuery.ClaimedKey(query) ?? "");
        return (settings.StoreKnows(claimed) ? claimed : S3Caller.Anonymous, PayloadPlan.Unsigned);
    }

    private async Task FailAsync(Call call, HttpContext context, KestrelResponse response, Exception failure)
    {
        if (failure is OperationCanceledException { InnerException: ConnectionAbortedException })
        {
            // Shutdown ends the read of a body that the client still sends.
            call.ClientDisconnected = true;
        }

        if (HasLeft(call, context, response))
        {
            return;
        }

        var error = Translate(failure);
        call.Error = error.Error.Code;
        Tracing.RecordRequestError(call.Span, error.Error);
        // 501 (not supported) and 504 (not cached, and nothing else wanted) are no failures of this server.
        if (error.Error.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status507InsufficientStorage)
        {
            // The cause names addresses behind the proxy: for the operator's log, not for clients.
            Log.RequestUnavailable(logger, call.RequestId, call.Operation, error.Error.Code, error.InnerException is { } cause
                ? $"{error.Message} ({cause.Message})" : error.Message);
        }
        else if (error.Error.Status >= 500 && error.Error.Status != StatusCodes.Status501NotImplemented
            && error.Error != S3Errors.GatewayTimeout)
        {
            Log.RequestFailed(logger, call.RequestId, call.Operation, error.Error.Code, error.Message, error.InnerException
                ?? (failure is S3Exception ? null : failure));
        }

        if (response.HasStarted)
        {
            // Part of the body was sent: a clean end would make it look complete.
            response.Abort();
            return;
        }

        try
        {
            var path = call.Target.RawPath ?? context.Request.Path.Value ?? "";
            var about = new ErrorSubject(context.Request.Method, call.Target.Bucket ?? "", call.Target.Key ?? "", path, call.RequestId)
            {
                IsJson = call.Target.IsAdministration,
                IsHtml = call.Target.IsWebsite,
            };
            await ErrorResponse.SendAsync(error, about, response, context.RequestAborted);
        }
        catch (Exception late) when (late is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            call.ClientDisconnected = true;
        }
    }

    private static S3Exception Translate(Exception failure) => failure switch
    {
        S3Exception s3 => s3,
        BadHttpRequestException bad when bad.StatusCode == StatusCodes.Status408RequestTimeout =>
            new S3Exception(S3Errors.RequestTimeout, cause: bad),
        BadHttpRequestException bad => new S3Exception(S3Errors.IncompleteBody, cause: bad),
        _ => new S3Exception(S3Errors.InternalError, cause: failure),
    };

    private static readonly S3Error LoopDetected =
        new("LoopDetected", StatusCodes.Status508LoopDetected,
            "The proxy received its own request: a remote or the local store points back to it. Set S3_OVERLAY_REMOTE_ENDPOINT, or the "
            + "setting that names that store, to another one.");

    /// <summary>What is known of a request so far, for reports of its end.</summary>
    private sealed class Call(string requestId, Activity? span) : IFormRecord
    {
        public string RequestId { get; } = requestId;

        public Activity? Span { get; } = span;

        public RequestTarget Target { get; set; }

        public S3Operation Operation { get; set; }

        /// <summary>The caller, once the signature was checked.</summary>
        public S3Caller Caller { get; set; } = S3Caller.Anonymous;

        /// <summary>The key of an upload form, once it was read; null for other requests.</summary>
        public string? FormKey { get; set; }

        /// <summary>The key, as far as it is known; empty for none.</summary>
        public string Key => FormKey ?? Target.Key ?? "";

        /// <summary>The source of a copy; null for other requests.</summary>
        public CopySource? Source { get; set; }

        /// <summary>What only the bucket's log shows; null if the bucket has none.</summary>
        public LogNotes? Records { get; set; }

        /// <summary>The error code of the response; null for none.</summary>
        public string? Error { get; set; }

        /// <summary>Whether a failure showed that the client is gone.</summary>
        public bool ClientDisconnected { get; set; }
    }
}
