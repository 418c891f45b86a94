using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Keeps a conditional write's judgement valid until the write commits (rule W3), without blocking others while a slow client sends its
/// body. After the body has been read, it takes the key's lock and checks the key's state again. Deletes take the same lock; so do all
/// writes if the local layer cannot judge conditions. If the local layer locks a key from the beginning of a conditional write, the key's
/// lock is taken before that (<see cref="S3Body.BeginAsync"/>): otherwise a holder of the lock would wait in the local layer for a write
/// that waits for the lock.
/// </summary>
/// <param name="locks">The locks.</param>
/// <param name="layer">Resolves the key's state.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="key">The key.</param>
/// <param name="judged">The key's state when the conditions were judged; null for a write without conditions, which only takes the
/// lock.</param>
/// <param name="judge">
/// Judges a written key under the lock; null if the local layer judges when it commits. Then the key is not read here: even a store that
/// was not found to lock keys may do so (a busy store, a load balancer before several), and the read would wait for the write that waits
/// for it.
/// </param>
public sealed class CommitGuard(
    KeyLocks locks, ILayerState layer, string bucket, string key, KeyState? judged,
    Func<CancellationToken, ValueTask>? judge = null) : IDisposable
{
    private IDisposable? _locked;
    private KeyUpload? _upload;

    /// <summary>Takes the lock and checks the key again.</summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict if the key was deleted since it was judged: the client may
    /// retry.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (_locked is not null)
        {
            return;
        }

        await EnterAsync(await locks.TakeAsync(new ObjectName(bucket, key), cancellationToken), cancellationToken);
    }

    /// <summary>A body whose end is only returned while the lock is held.</summary>
    public S3Body Over(S3Body body) => new GuardedBody(body, this);

    /// <inheritdoc/>
    public void Dispose() => _locked?.Dispose();

    /// <summary>Takes the lock and checks the key before the local layer sees the write.</summary>
    private async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        if (_locked is null)
        {
            await EnterAsync(_upload = await locks.TakeForUploadAsync(new ObjectName(bucket, key), cancellationToken), cancellationToken);
        }
    }

    private async ValueTask EnterAsync(IDisposable locked, CancellationToken cancellationToken)
    {
        _locked = locked;
        if (judged is { } before)
        {
            await LookAsync(before, cancellationToken);
        }
    }

    private async ValueTask LookAsync(KeyState before, CancellationToken cancellationToken)
    {
        if (judge is null && before == KeyState.Written)
        {
            // The local layer checks the key when it commits.
            return;
        }

        var now = judge is null
            ? await layer.ResolveWithinWriteAsync(bucket, key, cancellationToken)
            : await layer.ResolveAsync(bucket, key, cancellationToken);

        // A key written since is for the local layer to judge: it knows the version.
        if (now != before && now != KeyState.Written)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }

        if (now == KeyState.Written && judge is not null)
        {
            await judge(cancellationToken);
        }
    }

    private sealed class GuardedBody(S3Body inner, CommitGuard guard) : S3Body
    {
        public override long? Length => inner.Length;

        public override long? LongestLength => inner.LongestLength;

        public override BodyChecksum? Checksum => inner.Checksum;

        public override ChecksumAlgorithm? ComingChecksum => inner.ComingChecksum;

        public override ValueTask BeginAsync(CancellationToken cancellationToken) => guard.BeginAsync(cancellationToken);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var read = await (guard._upload is { } upload ? upload.ReadAsync(token => inner.ReadAsync(buffer, token), cancellationToken)
                : inner.ReadAsync(buffer, cancellationToken));
            if (read == 0 && buffer.Length > 0)
            {
                await guard.EnterAsync(cancellationToken);
            }

            return read;
        }
    }
}
