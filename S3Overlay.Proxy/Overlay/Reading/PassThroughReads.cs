using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that bypass the cache: caching is off, a version or part is named, the client brings its own key, or the object has no strong ETag
/// (rules R3, R8, R9). Conditions and ranges are judged here too, so that all paths respond alike (rule R6).
/// </summary>
internal sealed class PassThroughReads
{
    private const int MaxRestarts = 4;

    /// <summary>Sends from the remote.</summary>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task<ReadResult> ReadAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        responder.From(ReadSource.Bypass);
        for (var restarts = 0; ; restarts++)
        {
            try
            {
                if (responder.Request.IsHead || NeedsInfoFirst(responder))
                {
                    await HeadFirstAsync(responder, remote, read, cancellationToken);
                }
                else
                {
                    await GetAsync(responder, remote, read with { Range = RemoteReads.Text(responder.Range) }, cancellationToken);
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
    public static async Task SendOpenedAsync(ReadResponder responder, RemoteObject source, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        responder.From(ReadSource.Bypass);
        await SendAsync(responder, source, cancellationToken);
        span?.SetTag(SpanAttributes.Bytes, responder.Response.Sent);
    }

    /// <summary>
    /// True if the response may have no body, or another one than the range says: then the object's headers are requested first. No object
    /// satisfies a suffix of 0 bytes, and Ceph responds to it with the whole object.
    /// </summary>
    public static bool NeedsInfoFirst(ReadResponder responder)
    {
        var headers = responder.Request.Headers;
        return ReadConditions.Any(headers)
            || (headers.Range.Count > 0 && (headers.IfRange.Count > 0 || responder.Range is { Suffix: 0 }));
    }

    private static async Task SendAsync(ReadResponder responder, RemoteObject source, CancellationToken cancellationToken)
    {
        if (responder.BodyOf(responder.Plan(source.Info)) is { } wanted)
        {
            await responder.SendRemoteAsync(source, wanted, cancellationToken);
        }

        responder.WriteHead();
    }

    private static async Task HeadFirstAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        ObjectInfo info;
        await using (var head = await remote.Remote.HeadAsync(read, cancellationToken))
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
            Range = wanted is { } part && part.Length < info.Size ? RemoteReads.Text(part) : null,
        };
        await using var source = await remote.Remote.GetAsync(exact, cancellationToken);
        if (source.Info.ETag != info.ETag || source.Info.Size != info.Size)
        {
            throw new RemoteException(RemoteFailure.Changed, "The object changed between two requests.");
        }

        if (wanted is { } bytes)
        {
            await responder.SendRemoteAsync(source, bytes, cancellationToken);
        }

        responder.WriteHead();
    }

    private static async Task GetAsync(ReadResponder responder, RemoteBucket remote, RemoteRead read, CancellationToken cancellationToken)
    {
        RemoteObject source;
        try
        {
            source = await remote.Remote.GetAsync(read, cancellationToken);
        }
        catch (RemoteException unsatisfiable) when (unsatisfiable is { Failure: RemoteFailure.InvalidRange, ActualSize: null })
        {
            // The client needs the size, and this remote did not send it.
            await HeadFirstAsync(responder, remote, read with { Range = null }, cancellationToken);
            return;
        }

        await using (source)
        {
            await SendAsync(responder, source, cancellationToken);
        }
    }
}
