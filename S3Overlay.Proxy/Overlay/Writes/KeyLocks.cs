using System.Collections.Concurrent;

using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// A lock a key. Whoever holds it while a client sends a body does so only as long as nobody else wants the key: a slow client must not
/// keep the others from it.
/// </summary>
/// <remarks>
/// Uploads wait for each other's end, for a while: one that gave way to the next would be sent again, and end that one in turn. They do so
/// before they stand in line with everybody else, who has one of them before him at most, however many there are.
/// </remarks>
public sealed class KeyLocks(TimeProvider time)
{
    /// <summary>How long an upload may go on once somebody waits for it: most end by themselves within that.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long an upload waits for others: as long as stores do that let it wait.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly NameLocks<ObjectName> _locks = new();
    private readonly NameLocks<ObjectName> _turns = new();
    private readonly ConcurrentDictionary<ObjectName, KeyUpload> _uploads = new();

    /// <summary>How many wait for a key.</summary>
    public int Waiting => _locks.Waiting + _turns.Waiting;

    /// <summary>Waits until nobody else has the key. An upload that has it gives it up before long.</summary>
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

    /// <summary>Waits until nobody else has the key, for somebody who will keep it until a client has sent its body.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable: others have had it for too long.</exception>
    public async ValueTask<KeyUpload> TakeForUploadAsync(ObjectName key, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        IDisposable? turn = null;
        try
        {
            turn = await _turns.TakeAsync(key, both.Token);
            var held = await _locks.TakeAsync(key, both.Token);
            return _uploads[key] = new KeyUpload(() =>
            {
                _uploads.TryRemove(key, out _);
                held.Dispose();
                turn.Dispose();
            });
        }
        catch (OperationCanceledException)
        {
            turn?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Exception
                .ForNow(S3Errors.ServiceUnavailable, 1, "Another conditional write of this key is under way. Please try again.");
        }
    }
}
