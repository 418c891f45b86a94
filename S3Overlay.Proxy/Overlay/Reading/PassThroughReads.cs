using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads that go straight through: caching is off, a version or part is named, the client brings its own key, or the object has no strong
/// ETag (rules R3, R8, R9). Conditions and ranges are judged here all the same, so that every path answers alike (rule R6).
/// </summary>
internal sealed class PassThroughReads
{
    private const int MaxRestarts = 4;

    /// <summary>Answers from the remote.</summary>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public async Task AnswerAsync(S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        var snapshot = new ResponseSnapshot(answer);
        for (var restarts = 0; ; restarts++)
        {
            ResponseOrigin.Bypass(answer);
            try
            {
                if (request.IsHead || NeedsInfoFirst(request))
                {
                    await HeadFirstAsync(request, answer, remote, read, cancellationToken);
                }
                else
                {
                    await GetAsync(request, answer, remote,
                        read with { Range = RemoteReads.Text(RangeHeader.Parse(request.Header("Range"))) }, cancellationToken);
                }

                span?.SetTag(SpanAttributes.Bytes, answer.Sent);
                return;
            }
            catch (RemoteException changed) when (changed.Failure == RemoteFailure.Changed && !answer.HasStarted && restarts < MaxRestarts)
            {
                snapshot.Restore(answer);
            }
            catch (RemoteException failure)
            {
                span?.SetTag(SpanAttributes.Bytes, answer.Sent).Fail(failure.Failure.ToString());
                throw;
            }
        }
    }

    /// <summary>Sends what was asked for in vain to be held, to the request at hand.</summary>
    public static async Task SendOpenedAsync(S3Request request, S3Response answer, RemoteObject source, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start(SpanNames.RemoteStream);
        await SendAsync(request, answer, source, cancellationToken);
        span?.SetTag(SpanAttributes.Bytes, answer.Sent);
    }

    /// <summary>Sends what was already asked for, to the request at hand.</summary>
    private static async Task SendAsync(S3Request request, S3Response answer, RemoteObject source, CancellationToken cancellationToken)
    {
        if (ObjectResponse.Prepare(request, answer, source.Info) is { } wanted)
        {
            await Streaming.SendAsync(source, wanted, answer, cancellationToken);
        }
    }

    /// <summary>
    /// Whether the answer may turn out to have no body, or another than the range says: then the object's headers are asked for first. The
    /// last no bytes are a range that no object satisfies, and Ceph answers it with the whole.
    /// </summary>
    public static bool NeedsInfoFirst(S3Request request) =>
        ReadConditions.Any(request.Headers)
        || (request.Headers.Range.Count > 0
            && (request.Headers.IfRange.Count > 0 || RangeHeader.Parse(request.Header("Range")) is { Suffix: 0 }));

    private static async Task HeadFirstAsync(S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        ObjectInfo info;
        await using (var head = await remote.Remote.HeadAsync(read, cancellationToken))
        {
            info = head.Info;
        }

        var wanted = ObjectResponse.Prepare(request, answer, info);
        if (!ObjectResponse.SendsBody(request, answer))
        {
            return;
        }

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
            await Streaming.SendAsync(source, bytes, answer, cancellationToken);
        }
    }

    private static async Task GetAsync(S3Request request, S3Response answer, RemoteBucket remote, RemoteRead read,
        CancellationToken cancellationToken)
    {
        RemoteObject source;
        try
        {
            source = await remote.Remote.GetAsync(read, cancellationToken);
        }
        catch (RemoteException unsatisfiable) when (unsatisfiable is { Failure: RemoteFailure.InvalidRange, ActualSize: null })
        {
            // The client is owed the size, and this remote did not tell it.
            await HeadFirstAsync(request, answer, remote, read with { Range = null }, cancellationToken);
            return;
        }

        await using (source)
        {
            await SendAsync(request, answer, source, cancellationToken);
        }
    }
}
