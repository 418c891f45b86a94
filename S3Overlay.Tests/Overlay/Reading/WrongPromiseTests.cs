using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Bytes that do not match their ETag are not cached, not even between the last byte and the eviction (table F).</summary>
[Trait("Rule", "F")]
public sealed class WrongPromiseTests : ReaderTestBase
{
    [Theory]
    [InlineData(1000, long.MaxValue)]
    [InlineData(700_000, long.MaxValue)]
    [InlineData(700_000, 100_000)]
    public async Task No_reader_has_all_of_a_wrong_object_while_it_can_be_found(int size, long chunk)
    {
        var (began, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        ICacheEntry? copy = null;
        bool HasAll() => copy!.FirstCached(0) is { First: 0 } held && held.Last == size - 1;
        Wrap = store => new SteppedStore(store)
        {
            OnCopy = created => copy = created,
            BeforeEviction = () =>
            {
                began.TrySetResult();
                return goOn.Task;
            },
        };
        Settings = Settings with { ChunkThreshold = chunk, ChunkSize = chunk == long.MaxValue ? 1 << 20 : chunk };
        Remote.Put("key", Bytes(size), $"\"{new string('a', 32)}\"");
        var first = ReadAsync("key");
        await began.Task.WaitAsync(Patience.Limit);

        // A reader that has all bytes got them from the cache, and the next reader can follow it there.
        Assert.False(HasAll());
        Assert.False(first.IsCompleted);
        goOn.SetResult();
        Assert.Equal(Bytes(size), (await first).Bytes);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
        Assert.Equal("MISS", (await ReadAsync("key")).Headers["x-cache"].ToString());
        Assert.Equal([null, null], Remote.Gets.Select(static get => get.Range));
        await QuietAsync();
    }

    [Theory]
    [Trait("Rule", "R3")]
    [InlineData("store", 100_000)]
    [InlineData("store", 65536)]
    public async Task Its_reader_has_all_of_it_while_the_store_evicts_it_and_no_other_finds_it(
        string layer, int threshold)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CHUNK_THRESHOLD", $"{threshold}"),
            ("S3_OVERLAY_CHUNK_SIZE", "65536"));
        scene.Remote.Put("bucket", "key", new ScriptedObject(Bytes(90_000), $"\"{new string('a', 32)}\"", DateTimeOffset.UtcNow, []));
        var goOn = new TaskCompletionSource();
        scene.Remote.Script = (_, _) =>
        {
            // From now on the calls to the store are for the entry.
            scene.Store!.Before = call => call.Path.StartsWith("/s3-overlay-cache", StringComparison.Ordinal) ? goOn.Task
                : Task.CompletedTask;
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        var read = await scene.Proxy.SendAsync("GET", "/bucket/key").WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(Bytes(90_000), read.Body);
        Assert.Null(await scene.Proxy.Copies!.FindAsync("bucket", "key", LookupHint.Info, default).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20)));
        goOn.SetResult();
        await scene.Clock.RunAsync(scene.Proxy.Copies.WhenIdleAsync());
        Assert.Null(await scene.Proxy.Copies.FindAsync("bucket", "key", LookupHint.Info, default));
        Assert.Equal("MISS", (await scene.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
    }

    [Theory]
    [InlineData("embedded", 100_000)]
    [InlineData("store", 100_000)]
    [InlineData("embedded", 65536)]
    [InlineData("store", 65536)]
    public async Task A_reader_that_comes_after_a_wrong_object_was_sent_does_not_get_it_again(string layer, int threshold)
    {
        await using var scene = await LayerScene.StartAsync(layer, ("S3_OVERLAY_CHUNK_THRESHOLD", $"{threshold}"),
            ("S3_OVERLAY_CHUNK_SIZE", "65536"));
        for (var i = 0; i < 10; i++)
        {
            scene.Remote.Put(
                "bucket", $"key{i}", new ScriptedObject(Bytes(90_000, i), $"\"{new string('a', 32)}\"", DateTimeOffset.UtcNow, []));
            foreach (var read in (RawResponse[])[await scene.SendAsync("GET", $"/bucket/key{i}"),
                await scene.SendAsync("GET", $"/bucket/key{i}")])
            {
                Assert.Equal((200, "MISS"), (read.Status, read.Headers["x-cache"]));
                Assert.Equal(Bytes(90_000, i), read.Body);
            }

            // Each reads from the start, and nothing twice. A reader may request the rest again if the evicted entry took no more bytes.
            Assert.Equal(2, scene.Remote.Requests.Count(request => request.Key == $"key{i}"
                && (!request.Headers.TryGetValue("Range", out var range) || range.StartsWith("bytes=0-", StringComparison.Ordinal))));
        }
    }
}
