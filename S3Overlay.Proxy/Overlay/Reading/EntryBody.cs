using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// A remote-owned object as the source of a copy: held bytes as far as they go, and the rest from the remote, of exactly that version. What
/// is read for a copy is not held: its bytes are about to be written here, and will be read there.
/// </summary>
/// <param name="copy">What is held of it, disposed with this; null for nothing.</param>
/// <param name="remote">Where it is.</param>
/// <param name="key">Its key.</param>
/// <param name="expected">The version.</param>
/// <param name="range">Which bytes.</param>
/// <param name="gone">Says what to tell where the remote has the version no more.</param>
internal sealed class EntryBody(
    ICacheEntry? copy, RemoteBucket remote, string key, ObjectInfo expected, ByteRange range, Func<RemoteException, RemoteException> gone)
        : S3Body, IAsyncDisposable
{
    private readonly IEntryReader? _held = range.Length > 0 ? copy?.Read(range) : null;
    private RemoteObject? _source;
    private long _position = range.First;

    /// <inheritdoc/>
    public override long? Length => range.Length;

    /// <summary>
    /// Asks the remote where the first bytes are not held, so that a version that is gone is found before anything is copied.
    /// </summary>
    /// <param name="isCurrent">Whether it is to say that it has the version still where they are, too.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="RemoteException">The remote did not give them.</exception>
    public async Task OpenAsync(bool isCurrent, CancellationToken cancellationToken)
    {
        if (copy is null || (range.Length > 0 && !(copy.FirstHeld(range.First) is { } held && held.First <= range.First)))
        {
            _source = await ToldAsync(AskAsync(cancellationToken));
        }
        else if (isCurrent)
        {
            await ToldAsync(ConfirmAsync(cancellationToken));
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
            var read = _source is null && _held is not null ? await _held.ReadAsync(wanted, cancellationToken) : 0;
            if (read == 0)
            {
                _source ??= await ToldAsync(AskAsync(cancellationToken));
                read = await _source.Body.ReadAsync(wanted, cancellationToken);
            }

            _position += read;
            return read > 0 ? read : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
        }
        catch (RemoteException drifted) when (drifted.Failure == RemoteFailure.Drifted)
        {
            // As reads say it (rule S1). Whoever writes the body passes on no other kind of failure as it is.
            throw ClientErrors.OfRemote(drifted);
        }
        catch (RemoteException failure)
        {
            throw new S3Exception(S3Errors.ServiceUnavailable, "The source of the copy could not be read to its end.", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_held is not null)
        {
            await _held.DisposeAsync();
        }

        if (copy is not null)
        {
            await copy.DisposeAsync();
        }
    }

    /// <summary>The remote's answer to a request for the version; where it has that no more, what is told of that.</summary>
    private async Task<T> ToldAsync<T>(Task<T> asking)
    {
        try
        {
            return await asking;
        }
        catch (RemoteException failure) when (RemoteReads.MeansGone(failure))
        {
            throw gone(failure);
        }
    }

    private async Task<ObjectInfo> ConfirmAsync(CancellationToken cancellationToken)
    {
        await using var head = await remote.Remote.HeadAsync(RemoteReads.Whole(remote, key) with { IfMatch = expected.ETag },
            cancellationToken);
        return IsExpected(head.Info) ? head.Info : throw Changed();
    }

    private bool IsExpected(ObjectInfo info) => info.ETag == expected.ETag && info.Size == expected.Size;

    private static RemoteException Changed() =>
        new(RemoteFailure.Changed, "The remote sent another version than the one requested.");

    private async Task<RemoteObject> AskAsync(CancellationToken cancellationToken)
    {
        var rest = range with { First = _position };
        var isHoldable = ETags.IsStrong(expected.ETag);
        var source = await remote.Remote.GetAsync(
            RemoteReads.Whole(remote, key) with
            {
                IfMatch = isHoldable ? expected.ETag : null,
                Range = rest.Length == expected.Size ? null : RemoteReads.Text(rest),
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
                await RemoteReads.SkipToAsync(source, rest.First, new byte[4096], cancellationToken);
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
