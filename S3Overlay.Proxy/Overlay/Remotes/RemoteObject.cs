using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Remotes;

/// <summary>
/// The remote's answer to a GET or HEAD. Disposing it gives the connection back, or cuts it where the body was not read to its end.
/// </summary>
public sealed class RemoteObject : IAsyncDisposable
{
    private readonly Func<ValueTask>? _dispose;

    /// <summary>An answer over <paramref name="body"/>; <paramref name="dispose"/> runs after the body is disposed.</summary>
    public RemoteObject(ObjectInfo info, int status, ByteRange? range, Stream body, Func<ValueTask>? dispose = null)
    {
        Info = info;
        Status = status;
        Range = range;
        Body = body;
        _dispose = dispose;
    }

    /// <summary>The whole object's size, ETag, date and headers, whatever range was asked for.</summary>
    public ObjectInfo Info { get; }

    /// <summary>200 or 206.</summary>
    public int Status { get; }

    /// <summary>
    /// Which bytes the body holds; null where it holds none (HEAD, empty object). Of a HEAD of a part: those of the part.
    /// </summary>
    public ByteRange? Range { get; }

    /// <summary>
    /// The bytes of <see cref="Range"/>, exactly: a break, a stall or a short body is repaired by asking for the rest with If-Match. Throws
    /// <see cref="RemoteException"/> when the budget is spent or the object changed.
    /// </summary>
    public Stream Body { get; }

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
