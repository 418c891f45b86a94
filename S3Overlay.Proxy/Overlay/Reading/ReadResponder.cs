using System.Globalization;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Writes the response of one read. Status and headers are written together with the first byte, so a plan can be replaced until then and
/// nothing ever has to be undone. Also limits how long the read waits for the remote in total before its response begins (table F); shared
/// requests go on within their own limits.
/// </summary>
internal sealed class ReadResponder(S3Request request, S3Response response, TimeSpan budget, TimeProvider time, CancellationToken client)
    : IDisposable
{
    private const int PieceSize = 512 * 1024;
    private const int SmallPiece = 64 * 1024;

    private readonly long _began = time.GetTimestamp();
    private CancellationTokenSource? _waiting;
    private ITimer? _timer;
    private ReadPlan _plan;
    private bool _isHeadWritten;

    public S3Request Request => request;

    public S3Response Response => response;

    /// <summary>Notes which version is shown; null to note nothing.</summary>
    public ShownObjects? Shown { get; init; }

    /// <summary>The request's Range header, parsed once.</summary>
    public RangeHeader? Range { get; } = RangeHeader.Parse(request.Header("Range"));

    public bool HasStarted => response.HasStarted;

    /// <summary>Ends when the client disconnects. For work that needs no remote.</summary>
    public CancellationToken Client => client;

    /// <summary>
    /// Ends when the client disconnects, or at the deadline if the response has not begun. Created on first use: most hits need none. Not
    /// thread-safe.
    /// </summary>
    public CancellationToken Waiting
    {
        get
        {
            if (_waiting is null)
            {
                var left = budget - time.GetElapsedTime(_began);
                _waiting = CancellationTokenSource.CreateLinkedTokenSource(client);
                _timer = time.CreateTimer(static state => ((ReadResponder)state!).Pass(), this, left > TimeSpan.Zero ? left
                    : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }

            return _waiting.Token;
        }
    }

    /// <summary>True if the deadline ended the wait.</summary>
    public bool HasPassed => _waiting is { IsCancellationRequested: true } && !client.IsCancellationRequested;

    /// <summary>
    /// True if the response may have no body, or another one than the range says: then the object's headers are requested first. No object
    /// satisfies a suffix of 0 bytes, and Ceph responds to it with the whole object.
    /// </summary>
    public bool NeedsInfoFirst => request.IsHead || ReadConditions.Any(request.Headers)
        || (request.Headers.Range.Count > 0 && (request.Headers.IfRange.Count > 0 || Range is { Suffix: 0 }));

    /// <summary>False for a sub-resource, a version, a part, or an object encrypted with a client's key: these are never cached.</summary>
    public bool IsPlain => request.Operation is S3Operation.GetObject or S3Operation.HeadObject
        && !NamesVersion(request) && !request.Query.Has("partNumber") && !request.Headers.ContainsKey(ClientKeys.Algorithm);

    /// <summary>Names the source of what is sent next, or of the error. Null if unknown.</summary>
    public void From(ReadSource? source, TimeSpan age = default) => _plan = _plan with { Source = source, Age = age };

    /// <summary>True if the request names a version of the remote. <c>null</c> names the current version here (rule V3).</summary>
    public static bool NamesVersion(S3Request request) => request.Query.Has("versionId") && request.Query["versionId"] != "null";

    /// <summary>Decides what to send of a version. Replaces an earlier plan of which nothing was sent.</summary>
    /// <exception cref="S3Exception">PreconditionFailed, InvalidRange, InvalidArgument.</exception>
    public ReadPlan Plan(ObjectInfo info) => _plan = _plan with { Info = info, Reply = ObjectResponse.Decide(request, info, Range) };

    /// <summary>Sends a part of the planned version instead of the whole.</summary>
    public void NarrowTo(ObjectReply reply) => _plan = _plan with { Reply = reply };

    /// <summary>The bytes a GET sends after the headers; null for none.</summary>
    public ByteRange? BodyOf(ReadPlan plan) => request.IsHead ? null : plan.Reply.Bytes;

    /// <summary>Writes the planned status and headers, unless this was done.</summary>
    public void WriteHead()
    {
        if (!_isHeadWritten)
        {
            _isHeadWritten = true;
            if (Shown is not null && IsPlain)
            {
                // Before the first byte: a client may write the key as soon as it has seen it.
                Shown.Note(request.Bucket, request.Key, _plan.Info);
            }

            WriteOrigin();
            ObjectResponse.Write(request, response, _plan.Info, _plan.Reply);
        }
    }

    /// <summary>Names the source of an error response.</summary>
    public void WriteOrigin(S3Exception failure)
    {
        var otherwise = failure.Error == S3Errors.GatewayTimeout ? ReadSource.NotCached : ReadSource.Miss;
        _plan = _plan with { Source = _plan.Source ?? otherwise };
        WriteOrigin();
    }

    /// <summary>Writes the headers that name the source (rule T4).</summary>
    public void WriteOrigin()
    {
        var (layer, cache) = _plan.Source switch
        {
            ReadSource.Hit => ("cache", "HIT"),
            ReadSource.Revalidated => ("cache", "REVALIDATED"),
            ReadSource.Stale => ("cache", "STALE"),
            ReadSource.NotCached => ("cache", "MISS"),
            ReadSource.Bypass => ("remote", "BYPASS"),
            _ => ("remote", "MISS"),
        };
        response.Headers[OriginHeaders.Layer] = layer;
        response.Headers[OriginHeaders.Cache] = cache;
        response.Headers.Age = _plan.Age < TimeSpan.FromSeconds(1) ? "0"
            : ((long)_plan.Age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Sends cached bytes, up to the first that is not cached.</summary>
    /// <returns>The position after the last byte sent.</returns>
    public async ValueTask<long> SendCachedAsync(ICacheEntry entry, ByteRange range, ChunkHits? hits, CancellationToken cancellationToken)
    {
        var position = range.First;
        await using var reader = entry.Read(range);
        while (position <= range.Last)
        {
            var wanted = (int)Math.Min(range.Last + 1 - position, PieceSize);
            var memory = response.Body.GetMemory(wanted);
            var read = await reader.ReadAsync(memory[..wanted], cancellationToken);
            if (read == 0)
            {
                return position;
            }

            WriteHead();
            response.Advance(read);
            hits?.Sent(position, read);
            position += read;
            if (!await response.FlushAsync(cancellationToken))
            {
                // The client disconnected: nothing is left to do.
                return range.Last + 1;
            }
        }

        return position;
    }

    /// <summary>Sends bytes from a response of the remote. Nothing is stored.</summary>
    /// <exception cref="RemoteException">The response broke off, or has other bytes than it said.</exception>
    public async Task SendRemoteAsync(RemoteObject source, ByteRange wanted)
    {
        var cancellationToken = Waiting;
        if (source.Range?.First < wanted.First)
        {
            await source.SkipToAsync(wanted.First, new byte[SmallPiece], cancellationToken);
        }
        else if (source.Range?.First != wanted.First || source.Range?.Last < wanted.Last)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote sent other bytes than those requested.");
        }

        for (var left = wanted.Length; left > 0;)
        {
            var memory = response.Body.GetMemory(SmallPiece);
            var read = await source.Body.ReadAsync(memory[..(int)Math.Min(left, memory.Length)], cancellationToken);
            if (read == 0)
            {
                throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
            }

            WriteHead();
            left -= read;
            response.Advance(read);
            if (!await response.FlushAsync(cancellationToken))
            {
                return;
            }
        }
    }

    /// <summary>Passes on a response of the remote as it is: status, headers and body.</summary>
    /// <exception cref="RemoteException">The response broke off.</exception>
    public async Task PassOnAsync(RemoteObject source)
    {
        _isHeadWritten = true;
        WriteOrigin();
        response.Status = source.Status;
        foreach (var header in source.Info.Headers)
        {
            response.Headers.Append(header.Key, header.Value);
        }

        if (source.Info.LastModified > DateTimeOffset.UnixEpoch)
        {
            // S3 sends the object's date with its attributes. If the remote sends none, neither do we.
            response.Headers.LastModified = HttpDates.Header(source.Info.LastModified);
        }

        response.Headers.ContentLength = source.Range?.Length ?? 0;
        if (source.Range is { } range)
        {
            await SendRemoteAsync(source, range);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _waiting?.Dispose();
    }

    private void Pass()
    {
        try
        {
            if (!response.HasStarted)
            {
                _waiting!.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The response began at the same moment.
        }
    }
}
