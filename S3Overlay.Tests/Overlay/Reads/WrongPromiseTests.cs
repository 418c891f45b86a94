using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reads;

/// <summary>Bytes that are not what their ETag promises are not held, not even for the moment between their last and their dropping (table F).</summary>
[Trait("Rule", "F")]
public sealed class WrongPromiseTests : ReaderTestBase
{
    [Theory]
    [InlineData(1000, long.MaxValue)]
    [InlineData(700_000, long.MaxValue)]
    [InlineData(700_000, 100_000)]
    public async Task Nobody_has_all_of_a_wrong_object_while_it_can_be_found(int size, long chunk)
    {
        var (began, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Wrap = store => new SteppedStore(store)
        {
            BeforeDrop = () =>
            {
                began.TrySetResult();
                return goOn.Task;
            },
        };
        Settings = Settings with { ChunkThreshold = chunk, ChunkSize = chunk == long.MaxValue ? 1 << 20 : chunk };
        Remote.Put("key", Bytes(size), $"\"{new string('a', 32)}\"");
        var first = ReadAsync("key");
        await began.Task.WaitAsync(Patience.Limit);
        Assert.NotSame(first, await Task.WhenAny(first, Task.Delay(100)));
        goOn.SetResult();
        Assert.Equal(Bytes(size), (await first).Bytes);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
        Assert.Equal("MISS", (await ReadAsync("key")).Headers["x-cache"].ToString());
        Assert.Equal([null, null], Remote.Gets.Select(static get => get.Range));
        await QuietAsync();
    }
}
