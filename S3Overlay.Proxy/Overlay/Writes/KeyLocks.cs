using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// One lock per key. An upload keeps it while its client sends a body, but gives it up when another request wants the key: a slow client
/// must not block others.
/// </summary>
/// <remarks>
/// Uploads wait for each other's end for a while: an upload that gave way to the next would be retried and interrupt that one in turn. They
/// wait before they queue with all other requests, so those have at most one upload before them.
/// </remarks>
public sealed class KeyLocks(TimeProvider time)
{
    /// <summary>How long an upload may continue once another request waits: most end by themselves in that time.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long an upload waits for other uploads: as long as stores do.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly NameLocks<ObjectName> _locks = new();
    private readonly NameLocks<ObjectName> _turns = new();
    private readonly ConcurrentDictionary<ObjectName, KeyUpload> _uploads = new();

    /// <summary>Number of waiters for all keys.</summary>
    public int Waiting => _locks.Waiting + _turns.Waiting;

    /// <summary>Waits for the key's lock. An upload that has it gives it up within <see cref="Grace"/>.</summary>
    public async ValueTask<IDisposable> TakeAsync(ObjectName key, CancellationToken cancellationToken)
    {
        var taking = _locks.TakeAsync(key, cancellationToken).AsTask();
        while (!taking.IsCompleted)
        {
            using var over = new CancellationTokenSource();
            if (await Task.WhenAny(taking, Task.Delay(Grace, time, over.Token)) != taking && _uploads.TryGetValue(key, out var upload))
            {
                upload.GiveUp();
            }

            await over.CancelAsync();
        }

        return await taking;
    }

    /// <summary>Waits for the key's lock, to keep it until a client has sent its body.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable: other uploads took too long.</exception>
    public async ValueTask<KeyUpload> TakeForUploadAsync(ObjectName key, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        IDisposable? turn = null;
        try
        {
            turn = await _turns.TakeAsync(key, both.Token);
            var locked = await _locks.TakeAsync(key, both.Token);
            return _uploads[key] = new KeyUpload(() =>
            {
                _uploads.TryRemove(key, out _);
                locked.Dispose();
                turn.Dispose();
            });
        }
        catch (OperationCanceledException)
        {
            turn?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Exception
                .ForNow(S3Errors.ServiceUnavailable, 1, "Another conditional write of this key is running. Please try again.");
        }
    }
}

/// <summary>A key's lock while a client sends its body. Others may ask to give it up. Disposing it releases the lock.</summary>
public sealed class KeyUpload(Action leave) : IDisposable
{
    private readonly CancellationTokenSource _givingUp = new();
    private int _left;

    /// <summary>Cancels the upload because another request waited long enough.</summary>
    /// <remarks>Continuations of the cancelled upload must not run on the waiter's thread.</remarks>
    public void GiveUp() => _givingUp.CancelAsync().Observed();

    /// <summary>Reads from the client until another request wants the key.</summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: another request wants the key.</exception>
    public async ValueTask<int> ReadAsync(Func<CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _givingUp.Token);
        try
        {
            both.Token.ThrowIfCancellationRequested();
            return await read(both.Token);
        }
        catch (OperationCanceledException) when (_givingUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            leave();
        }
    }
}

/// <summary>Locks for changes to a key or bucket within this process. Changes of other proxies are for the local layer to order.</summary>
/// <param name="time">The clock.</param>
public sealed class OverlayLocks(TimeProvider time)
{
    /// <summary>
    /// One lock per key: for deletes, undeletes, and conditional writes while they commit (or from their beginning, if the local layer
    /// locks keys).
    /// </summary>
    public KeyLocks Keys { get; } = new(time);

    /// <summary>Deletes of each key since the start, counted under its lock.</summary>
    public KeyGenerations Deletes { get; } = new();

    /// <summary>
    /// One lock per bucket. Exclusive: deleting or undeleting the bucket. Shared: undeleting keys, and deletes while the remote is hidden,
    /// which leave no tombstone.
    /// </summary>
    public NameLocks<string> Buckets { get; } = new();
}
