using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Keeps what a conditional write was judged by true until it is committed (rule W3), without holding anybody up while a slow client sends
/// its body: the key's lock is taken when the body has been read to its end, and what the key is is looked at once more. Deletes take the
/// same lock; so do all writes where local cannot judge conditions itself. Only where local keeps the key to a conditional write from its
/// beginning on the lock is taken before that (<see cref="S3Body.BeginAsync"/>): whoever else wants the key would hold the lock, and wait
/// at local for a write that waits for the lock.
/// </summary>
/// <param name="locks">The locks.</param>
/// <param name="layer">What the key is.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="key">The key.</param>
/// <param name="judged">What the key was when the write was judged; null for a write without conditions, which only keeps out of others'
/// way.</param>
/// <param name="judge">
/// Judges, with the lock held, a key that is written; null where local does, when it commits. Then it is not asked for the key: one that
/// was not found to keep it to the write may do so all the same (a busy store, a balancer before several), and the question would wait for
/// the write, which waits for the answer.
/// </param>
public sealed class CommitGuard(
    KeyLocks locks, ILayerState layer, string bucket, string key, KeyState? judged,
    Func<CancellationToken, ValueTask>? judge = null) : IDisposable
{
    private IDisposable? _held;
    private KeyUpload? _upload;

    /// <summary>Takes the lock and looks again.</summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict where the key was deleted meanwhile: the client may judge anew.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (_held is not null)
        {
            return;
        }

        await EnterAsync(await locks.TakeAsync(new ObjectName(bucket, key), cancellationToken), cancellationToken);
    }

    /// <summary>A body whose end is only seen with the lock held.</summary>
    public S3Body Over(S3Body body) => new GuardedBody(body, this);

    /// <inheritdoc/>
    public void Dispose() => _held?.Dispose();

    /// <summary>Takes the lock, and looks again, before local knows of the write.</summary>
    private async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        if (_held is null)
        {
            await EnterAsync(_upload = await locks.TakeForUploadAsync(new ObjectName(bucket, key), cancellationToken), cancellationToken);
        }
    }

    private async ValueTask EnterAsync(IDisposable held, CancellationToken cancellationToken)
    {
        _held = held;
        if (judged is { } before)
        {
            await LookAsync(before, cancellationToken);
        }
    }

    private async ValueTask LookAsync(KeyState before, CancellationToken cancellationToken)
    {
        if (judge is null && before == KeyState.Written)
        {
            // What has become of it local knows when it commits.
            return;
        }

        var now = judge is null
            ? await layer.ResolveWithinWriteAsync(bucket, key, cancellationToken)
            : await layer.ResolveAsync(bucket, key, cancellationToken);

        // A key written meanwhile is local's to judge: it knows the version.
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
