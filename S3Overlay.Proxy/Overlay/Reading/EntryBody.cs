using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// The body of a copy source that the remote owns: cached bytes as far as they go, then the rest of exactly that version from the remote.
/// What is read here is not cached: it is about to be written locally.
/// </summary>
/// <param name="entry">Its entry, disposed with this; null for none.</param>
/// <param name="remote">Its remote bucket.</param>
/// <param name="key">Its key.</param>
/// <param name="expected">The version.</param>
/// <param name="range">The bytes.</param>
/// <param name="failed">Maps a failure of the remote.</param>
internal sealed class EntryBody(
    ICacheEntry? entry, RemoteBucket remote, string key, ObjectInfo expected, ByteRange range,
    Func<RemoteException, RemoteException> failed)
        : S3Body, IAsyncDisposable
{
    private readonly IEntryReader? _cached = range.Length > 0 ? entry?.Read(range) : null;
    private RemoteObject? _source;
    private long _position = range.First;

    /// <inheritdoc/>
    public override long? Length => range.Length;

    /// <summary>Asks the remote if the first bytes are not cached, so that a missing version is found before anything is written.</summary>
    /// <param name="isCurrent">Whether the remote must confirm the version even if the bytes are cached.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">The remote failed.</exception>
    public async Task OpenAsync(bool isCurrent, CancellationToken cancellationToken)
    {
        if (entry is null || (range.Length > 0 && !(entry.FirstCached(range.First) is { } run && run.First <= range.First)))
        {
            _source = await ExplainAsync(AskAsync(cancellationToken));
        }
        else if (isCurrent)
        {
            await ExplainAsync(ConfirmAsync(cancellationToken));
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, range.Last + 1 - _position)];
        if (wanted.IsEmpty)
        {
            return 0;
        }

        try
        {
            var read = _source is null && _cached is not null ? await _cached.ReadAsync(wanted, cancellationToken) : 0;
            if (read == 0)
            {
                _source ??= await ExplainAsync(AskAsync(cancellationToken));
                read = await _source.Body.ReadAsync(wanted, cancellationToken);
            }

            _position += read;
            return read > 0 ? read : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
        }
        catch (RemoteException drifted) when (drifted.Failure == RemoteFailure.Drifted)
        {
            // Writers of the body pass on S3 errors unchanged, so it is translated here as for reads (rule S1).
            throw ClientErrors.OfRemote(drifted);
        }
        catch (RemoteException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The copy source could not be read to its end.", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_cached is not null)
        {
            await _cached.DisposeAsync();
        }

        if (entry is not null)
        {
            await entry.DisposeAsync();
        }
    }

    /// <summary>Awaits a request, and maps its failure.</summary>
    private async Task<T> ExplainAsync<T>(Task<T> asking)
    {
        try
        {
            return await asking;
        }
        catch (RemoteException failure)
        {
            throw failed(failure);
        }
    }

    private async Task<ObjectInfo> ConfirmAsync(CancellationToken cancellationToken)
    {
        await using var head = await remote.Remote.HeadAsync(remote.Read(key) with { IfMatch = expected.ETag }, cancellationToken);
        return IsExpected(head.Info) ? head.Info : throw Changed();
    }

    private bool IsExpected(ObjectInfo info) => info.ETag == expected.ETag && info.Size == expected.Size;

    private static RemoteException Changed() => new(RemoteFailure.Changed, "The remote sent another version than the one requested.");

    private async Task<RemoteObject> AskAsync(CancellationToken cancellationToken)
    {
        var rest = range with { First = _position };
        var isStrong = ETags.IsStrong(expected.ETag);
        var source = await remote.Remote.GetAsync(
            remote.Read(key) with
            {
                IfMatch = isStrong ? expected.ETag : null,
                Range = rest.Length == expected.Size ? null : RemoteRead.Text(rest),
            },
            cancellationToken);
        try
        {
            if (!IsExpected(source.Info))
            {
                throw Changed();
            }

            if (rest.Length > 0)
            {
                await source.SkipToAsync(rest.First, new byte[4096], cancellationToken);
            }

            return source;
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }
}
