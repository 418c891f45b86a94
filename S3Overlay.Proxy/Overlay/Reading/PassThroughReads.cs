using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that bypass the cache: caching is off, a version or part is named, the client brings its own key, or the object has no strong ETag
/// (rules R3, R8, R9). Conditions and ranges are judged here too, so that all paths respond alike (rule R6).
/// </summary>
internal static class PassThroughReads
{
    private const int MaxRestarts = 4;

    /// <summary>Sends from the remote.</summary>
    public static async Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        responder.From(ReadSource.Bypass);
        for (var restarts = 0; ; restarts++)
        {
            RemoteException? failure;
            try
            {
                failure = responder.NeedsInfoFirst ? await HeadFirstAsync(responder, remote, read)
                    : await GetAsync(responder, remote, read with { Range = RemoteRead.Text(responder.Range) });
            }
            catch (RemoteException broken)
            {
                failure = broken;
            }

            if (failure is { Failure: RemoteFailure.Changed } && !responder.HasStarted && restarts < MaxRestarts)
            {
                // Read the new version.
                continue;
            }

            span?.SetTag(SpanAttributes.Bytes, responder.Response.Sent);
            if (failure is null)
            {
                return ReadResult.Sent;
            }

            span.Fail(failure.Failure.ToString());
            return new(ReadOutcome.Failed, failure);
        }
    }

    /// <summary>Sends a response that was requested for a fill but cannot be cached.</summary>
    public static async Task SendOpenedAsync(ReadResponder responder, RemoteObject source)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        responder.From(ReadSource.Bypass);
        await SendAsync(responder, source);
        span?.SetTag(SpanAttributes.Bytes, responder.Response.Sent);
    }

    private static async Task SendAsync(ReadResponder responder, RemoteObject source)
    {
        if (responder.BodyOf(responder.Plan(source.Info)) is { } wanted)
        {
            await responder.SendRemoteAsync(source, wanted);
        }

        responder.WriteHead();
    }

    /// <summary>Sends the object, or returns the failure.</summary>
    private static async Task<RemoteException?> HeadFirstAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        var head = await remote.Remote.TryHeadAsync(read, responder.Waiting);
        if (head.Found is not { Info: var info })
        {
            return head.Failure;
        }

        var plan = responder.Plan(info);
        if (responder.Request.IsHead || plan.Reply.Status == StatusCodes.Status304NotModified)
        {
            responder.WriteHead();
            return null;
        }

        // Even an empty object is requested: a HEAD that says so may be wrong.
        var wanted = plan.Reply.Bytes;
        var exact = read with
        {
            IfMatch = ETags.IsStrong(info.ETag) ? info.ETag : null,
            Range = wanted is { } part && part.Length < info.Size ? RemoteRead.Text(part) : null,
        };
        var got = await remote.Remote.TryGetAsync(exact, responder.Waiting);
        await using var source = got.Found;
        if (source is null)
        {
            return got.Failure;
        }

        if (source.Info.ETag != info.ETag || source.Info.Size != info.Size)
        {
            return new RemoteException(RemoteFailure.Changed, "The object changed between two requests.");
        }

        if (wanted is { } bytes)
        {
            await responder.SendRemoteAsync(source, bytes);
        }

        responder.WriteHead();
        return null;
    }

    /// <summary>Sends the object, or returns the failure.</summary>
    private static async Task<RemoteException?> GetAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        var got = await remote.Remote.TryGetAsync(read, responder.Waiting);
        await using var source = got.Found;
        if (source is not null)
        {
            await SendAsync(responder, source);
            return null;
        }

        // If the range does not exist, the client needs the size. A remote that did not send it is asked again.
        return got.Failure is { Failure: RemoteFailure.InvalidRange, ActualSize: null }
            ? await HeadFirstAsync(responder, remote, read with { Range = null }) : got.Failure;
    }
}
