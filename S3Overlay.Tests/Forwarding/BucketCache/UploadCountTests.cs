using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>
/// The number of reported uploads, and the time of the next size check, depend on what was uploaded and not on what was evicted while it
/// waited.
/// </summary>
public sealed class UploadCountTests
{
    /// <summary>The number of parallel uploads.</summary>
    private const int Parallel = 4;

    [Theory, Trait("Rule", "E1")]
    [InlineData(0)]
    [InlineData(100)]
    public async Task An_entry_evicted_before_its_turn_is_not_counted(int chunk)
    {
        await using var bench = await StoreBench.StartAsync();
        await using var store = bench.Open();
        await store.FillAsync("first", EntryFilling.Bytes(100));
        var (arrived, goOn) = (0, new TaskCompletionSource());
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Server.Before = call =>
        {
            if (call.Method != "PUT")
            {
                return Task.CompletedTask;
            }

            if (Interlocked.Increment(ref arrived) == Parallel)
            {
                full.SetResult();
            }

            return goOn.Task;
        };
        for (var i = 0; i < Parallel; i++)
        {
            await store.BeginFillAsync($"key{i}", EntryFilling.Bytes(100), 0);
        }

        await full.Task.WaitAsync(Patience.Limit);
        await store.BeginFillAsync("late", EntryFilling.Bytes(300), chunk);
        var dropping = store.EvictAsync("bucket", "late", null, default).AsTask();
        goOn.SetResult();
        await dropping;
        await store.WhenIdleAsync();
        Assert.Equal((Parallel + 1, 0), (store.Uploads, store.UploadFailures));
    }
}
