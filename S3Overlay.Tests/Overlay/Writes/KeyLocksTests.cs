using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Who waits for whom, and for how long, where uploads keep a key.</summary>
[Trait("Rule", "W3")]
public sealed class KeyLocksTests
{
    private static readonly ObjectName Key = new("bucket", "key");

    private readonly ManualTimeProvider _clock = new();
    private readonly KeyLocks _locks;

    public KeyLocksTests() => _locks = new KeyLocks(_clock);

    [Fact]
    public async Task An_upload_gives_way_once_somebody_has_waited_for_a_while()
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

    /// <summary>Whoever has waited long enough does not wait as long again for those who came before him.</summary>
    [Fact]
    public async Task So_does_each_that_comes_to_be_in_front()
    {
        var first = await _locks.TakeForUploadAsync(Key, default);
        var others = Enumerable.Range(0, 2).Select(_ => _locks.TakeForUploadAsync(Key, default).AsTask()).ToList();
        var taking = _locks.TakeAsync(Key, default).AsTask();
        var upload = first;
        foreach (var next in (Task<KeyUpload>?[])[.. others, null])
        {
            await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(2));
            _clock.Advance(TimeSpan.FromSeconds(2));
            await Assert.ThrowsAsync<S3Exception>(() => upload.ReadAsync(ForeverAsync, default).AsTask().WaitAsync(Patience.Limit));
            upload.Dispose();
            upload = next is null ? upload : await next.WaitAsync(Patience.Limit);
        }

        (await taking).Dispose();
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
    public async Task Who_leaves_waits_no_longer()
    {
        using var leaving = new CancellationTokenSource();
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        var waiting = (Task[])[_locks.TakeAsync(Key, leaving.Token).AsTask(), _locks.TakeForUploadAsync(Key, leaving.Token).AsTask()];
        await leaving.CancelAsync();
        foreach (var each in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => each);
        }

        // Nobody is left for whom the upload would give way.
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(3, await upload.ReadAsync(_ => new(3), default));
    }

    /// <summary>A body that breaks off by itself has failed, and no other wants the key.</summary>
    [Fact]
    public async Task An_upload_that_fails_by_itself_is_no_conflict()
    {
        using var upload = await _locks.TakeForUploadAsync(Key, default);
        await Assert.ThrowsAsync<OperationCanceledException>(() => upload.ReadAsync(_ => throw new OperationCanceledException(), default).AsTask());
    }

    private static async ValueTask<int> ForeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }
}
