using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Which requests wait for an upload that locks a key, and for how long.</summary>
[Trait("Rule", "W3")]
public sealed class KeyLocksTests
{
    private static readonly ObjectName Key = new("bucket", "key");

    private readonly ManualTimeProvider _clock = new();
    private readonly KeyLocks _locks;

    public KeyLocksTests() => _locks = new KeyLocks(_clock);

    [Fact]
    public async Task An_upload_gives_way_to_a_waiter_after_a_while()
    {
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        var reading = upload.ReadAsync(ForeverAsync, default).AsTask();
        var taking = _locks.TakeAsync(Key, default).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(reading.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(S3Errors.ConditionalRequestConflict, (await Assert.ThrowsAsync<S3Exception>(() => reading)).Error);
        Assert.False(taking.IsCompleted);
        upload.Dispose();
        (await taking).Dispose();
        Assert.Equal(0, _locks.Waiting);
    }

    /// <summary>However many uploads wait: they have not begun, and will be judged by the changes made until then.</summary>
    [Fact]
    public async Task A_change_of_the_key_waits_for_only_one_upload()
    {
        var first = await _locks.TakeForUploadAsync(Key, default);
        var others = Enumerable.Range(0, 3).Select(_ => _locks.TakeForUploadAsync(Key, default).AsTask()).ToList();
        var changing = Enumerable.Range(0, 2).Select(_ => _locks.TakeAsync(Key, default).AsTask()).ToList();
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<S3Exception>(() => first.ReadAsync(ForeverAsync, default).AsTask().WaitAsync(Patience.Limit));
        first.Dispose();
        foreach (var change in changing)
        {
            (await change.WaitAsync(Patience.Limit)).Dispose();
        }

        foreach (var other in others)
        {
            var upload = await other.WaitAsync(Patience.Limit);
            Assert.Equal(3, await upload.ReadAsync(_ => new(3), default));
            upload.Dispose();
        }

        Assert.Equal(0, _locks.Waiting);
    }

    [Fact]
    public async Task A_waiter_does_not_finish_the_upload_it_waits_for()
    {
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        using var ended = new ManualResetEventSlim();
        var by = 0;
        var reading = upload.ReadAsync(
            token =>
            {
                var end = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
                token.Register(() =>
                {
                    by = Environment.CurrentManagedThreadId;
                    end.SetCanceled(token);
                    ended.Set();
                });
                return new(end.Task);
            },
            default).AsTask();
        upload.GiveUp();
        Assert.True(ended.Wait(Patience.Limit));
        Assert.NotEqual(Environment.CurrentManagedThreadId, by);
        await Assert.ThrowsAsync<S3Exception>(() => reading.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task Uploads_wait_for_each_other_but_not_for_ever()
    {
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        var reading = upload.ReadAsync(ForeverAsync, default).AsTask();
        var next = _locks.TakeForUploadAsync(Key, default).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(next.IsCompleted || reading.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var late = await Assert.ThrowsAsync<S3Exception>(() => next);
        Assert.Equal(503, late.Error.Status);
        Assert.Contains(late.Headers, header => header.Key == "Retry-After");
        Assert.False(reading.IsCompleted);
        Assert.Equal(0, _locks.Waiting);
    }

    [Fact]
    public async Task A_cancelled_waiter_stops_waiting()
    {
        using var leaving = new CancellationTokenSource();
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        var waiting = (Task[])[_locks.TakeAsync(Key, leaving.Token).AsTask(), _locks.TakeForUploadAsync(Key, leaving.Token).AsTask()];
        await leaving.CancelAsync();
        foreach (var each in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => each);
        }

        // No caller is left to give way to.
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(3, await upload.ReadAsync(_ => new(3), default));
    }

    /// <summary>A body that breaks off by itself has failed, and no other wants the key.</summary>
    [Fact]
    public async Task An_upload_that_fails_by_itself_is_no_conflict()
    {
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        await Assert.ThrowsAsync<OperationCanceledException>(() => upload.ReadAsync(_ => throw new OperationCanceledException(), default)
            .AsTask());
    }

    private static async ValueTask<int> ForeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }
}
