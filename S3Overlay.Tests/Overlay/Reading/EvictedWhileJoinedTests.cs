using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>
/// An entry is evicted after a reader found it and before the read. That reader may use it. Readers that arrive after the eviction do not
/// join it (rules C3, S1).
/// </summary>
public class EvictedWhileJoinedTests : ReaderTestBase
{
    private readonly byte[] _older = Bytes(40, 1);
    private readonly byte[] _newer = Bytes(30, 2);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first lookup found nothing, and another reader has filled the entry since.</summary>
    [Fact, Trait("Rule", "C3"), Trait("Rule", "S1")]
    public async Task By_a_reader_that_finds_it_just_before_its_own_request()
    {
        Remote.Put("key", _older);
        var looks = 0;
        Wrap = store => new WatchedStore(store)
        {
            OnLook = async find =>
            {
                var look = ++looks;
                var found = await find();
                if (look == 1)
                {
                    Assert.Null(found);
                    Assert.Equal(_older, (await ReadAsync("key")).Bytes);
                    await QuietAsync();
                }
                else if (look == 3)
                {
                    Assert.NotNull(found);
                    await Reader.InvalidateAsync(Bucket, "key");
                }

                return found;
            },
        };
        var (reading, response) = await BeginAsync();
        await CheckAsync(reading, response);
    }

    /// <summary>No byte of the old version may be sent: the remote no longer has the rest of it.</summary>
    [Fact, Trait("Rule", "R7")]
    public async Task By_a_reader_that_finds_a_part_of_it()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 16, ReadAheadBytes = 0 };
        Remote.Put("key", _older);
        var isNow = false;
        Wrap = store => new WatchedStore(store)
        {
            OnLook = async find =>
            {
                var found = await find();
                if (isNow)
                {
                    isNow = false;
                    Assert.NotNull(found!.FirstCached(0));
                    Remote.Put("key", _newer);
                    await store.EvictAsync(Bucket, "key", null, default);
                }

                return found;
            },
        };
        Assert.Equal(_older[..16], (await ReadAsync("key", "bytes=0-15")).Bytes);
        await QuietAsync();
        isNow = true;
        var response = await ReadAsync("key");
        Assert.Equal((200, false), (response.Status, response.IsAborted));
        Assert.Equal(_newer, response.Bytes);
        Assert.False(isNow);
    }

    /// <summary>Starts a reader that takes none of its bytes yet.</summary>
    private async Task<(Task Reading, CollectedResponse Answer)> BeginAsync()
    {
        var isGiven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var response = new CollectedResponse
        {
            OnSending = _ =>
            {
                isGiven.TrySetResult();
                return _goOn.Task;
            },
        };
        var reading = Reader.ReadAsync(Request("key"), response, Remote.Bucket, default);
        await isGiven.Task.WaitAsync(Patience.Limit);
        return (reading, response);
    }

    private async Task CheckAsync(Task reading, CollectedResponse response)
    {
        Remote.Put("key", _newer);
        Assert.Equal(_newer, (await ReadAsync("key")).Bytes);
        Assert.False(reading.IsCompleted);
        _goOn.SetResult();
        await reading;
        Assert.Equal(_older, response.Bytes);
        await QuietAsync();
        Assert.Equal(_newer, (await ReadAsync("key")).Bytes);
    }

    private sealed class WatchedStore(ICacheStore store) : PassingStore(store)
    {
        public required Func<Func<ValueTask<ICacheEntry?>>, ValueTask<ICacheEntry?>> OnLook { get; init; }

        public override ValueTask<ICacheEntry?> FindAsync(string bucket, string key, LookupHint wish,
            CancellationToken cancellationToken) =>
            OnLook(() => base.FindAsync(bucket, key, wish, cancellationToken));
    }
}
