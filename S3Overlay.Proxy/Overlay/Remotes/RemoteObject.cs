using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// The remote's response to a GET or HEAD. Disposing it returns the connection, or closes it if the body was not read to its end.
/// </summary>
public sealed class RemoteObject : IAsyncDisposable
{
    private readonly Func<ValueTask>? _dispose;

    /// <summary>A response with a body; <paramref name="dispose"/> runs after the body is disposed.</summary>
    public RemoteObject(ObjectInfo info, int status, ByteRange? range, Stream body, Func<ValueTask>? dispose = null)
    {
        Info = info;
        Status = status;
        Range = range;
        Body = body;
        _dispose = dispose;
    }

    /// <summary>The whole object's size, ETag, date and headers, whatever range was requested.</summary>
    public ObjectInfo Info { get; }

    /// <summary>200 or 206.</summary>
    public int Status { get; }

    /// <summary>The bytes in the body; null if there are none (HEAD, empty object). For a HEAD of a part: the part's range.</summary>
    public ByteRange? Range { get; }

    /// <summary>
    /// Exactly the bytes of <see cref="Range"/>. A break, a stall or a short body is repaired by requesting the rest with If-Match. Throws
    /// <see cref="RemoteException"/> when the budget is spent or the object changed.
    /// </summary>
    public Stream Body { get; }

    /// <summary>Skips bytes before the first one wanted, if the remote ignored the range.</summary>
    /// <exception cref="RemoteException">The response does not contain the first byte wanted.</exception>
    internal async ValueTask SkipToAsync(long first, Memory<byte> scratch, CancellationToken cancellationToken)
    {
        if (Range is not { } range || range.First > first || range.Last < first)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote responded with other bytes than requested.");
        }

        for (var skip = first - range.First; skip > 0;)
        {
            var read = await Body.ReadAsync(scratch[..(int)Math.Min(skip, scratch.Length)], cancellationToken);
            skip -= read > 0 ? read : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync();
        if (_dispose is not null)
        {
            await _dispose();
        }
    }
}
