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
    /// <exception cref="RemoteException">The remote failed.</exception>
    public static async Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        responder.From(ReadSource.Bypass);
        for (var restarts = 0; ; restarts++)
        {
            try
            {
                if (responder.NeedsInfoFirst)
                {
                    await HeadFirstAsync(responder, remote, read);
                }
                else
                {
                    await GetAsync(responder, remote, read with { Range = RemoteRead.Text(responder.Range) });
                }

                span?.SetTag(SpanAttributes.Bytes, responder.Response.Sent);
                return ReadResult.Sent;
            }
            catch (RemoteException changed)
                when (changed.Failure == RemoteFailure.Changed && !responder.HasStarted && restarts < MaxRestarts)
            {
                // Read the new version.
            }
            catch (RemoteException failure)
            {
                span?.SetTag(SpanAttributes.Bytes, responder.Response.Sent).Fail(failure.Failure.ToString());
                throw;
            }
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

    private static async Task HeadFirstAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        ObjectInfo info;
        await using (var head = await remote.Remote.HeadAsync(read, responder.Waiting))
        {
            info = head.Info;
        }

        var plan = responder.Plan(info);
        if (responder.Request.IsHead || plan.Reply.Status == StatusCodes.Status304NotModified)
        {
            responder.WriteHead();
            return;
        }

        // Even an empty object is requested: a HEAD that says so may be wrong.
        var wanted = plan.Reply.Bytes;
        var exact = read with
        {
            IfMatch = ETags.IsStrong(info.ETag) ? info.ETag : null,
            Range = wanted is { } part && part.Length < info.Size ? RemoteRead.Text(part) : null,
        };
        await using var source = await remote.Remote.GetAsync(exact, responder.Waiting);
        if (source.Info.ETag != info.ETag || source.Info.Size != info.Size)
        {
            throw new RemoteException(RemoteFailure.Changed, "The object changed between two requests.");
        }

        if (wanted is { } bytes)
        {
            await responder.SendRemoteAsync(source, bytes);
        }

        responder.WriteHead();
    }

    private static async Task GetAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read)
    {
        RemoteObject source;
        try
        {
            source = await remote.Remote.GetAsync(read, responder.Waiting);
        }
        catch (RemoteException unsatisfiable) when (unsatisfiable is { Failure: RemoteFailure.InvalidRange, ActualSize: null })
        {
            // The client needs the size, and this remote did not send it.
            await HeadFirstAsync(responder, remote, read with { Range = null });
            return;
        }

        await using (source)
        {
            await SendAsync(responder, source);
        }
    }
}
