using S3Overlay.Proxy.Embedded.Lifecycle;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Lifecycle;

/// <summary>One pass over a bucket: over many pages, and while clients write.</summary>
[Trait("Rule", "V6")]
public sealed class LifecyclePassTests : IAsyncLifetime
{
    private const string Expires = "<Filter><Prefix>k</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>";
    private const string Noncurrent = "<Filter/><Status>Enabled</Status>"
        + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task It_reads_page_after_page()
    {
        await Parallel.ForAsync(0, 2300, async (i, _) => await _bench.PutAsync($"k{i:d4}", [1]));
        await _bench.PutAsync("other", [1]);
        Assert.Equal(2300, await RunAsync(Expires));
        Assert.Equal(["other"], await _bench.ListAsync());
    }

    /// <summary>A key's versions are one sequence, wherever a page ends.</summary>
    [Fact]
    public async Task Versions_of_one_key_may_span_pages()
    {
        await EnableAsync();
        for (var i = 0; i < 2300; i++)
        {
            await _bench.PutAsync("k", [1]);
        }

        await _bench.PutAsync("after", [1]);
        await _bench.PutAsync("z", [1]);
        await _bench.PutAsync("z", [2]);
        Assert.Equal(2289, await RunAsync(Noncurrent.Replace("</NoncurrentDays>",
            "</NoncurrentDays><NewerNoncurrentVersions>10</NewerNoncurrentVersions>", StringComparison.Ordinal)));
        Assert.Equal(11, _bench.Store.Rows.VersionsOf(Bucket, "k").Count);
        Assert.Equal(2, _bench.Store.Rows.VersionsOf(Bucket, "z").Count);
    }

    [Fact]
    public async Task What_was_written_again_stays()
    {
        await _bench.PutAsync("k", [1]);
        Assert.Equal(0, await RunAsync(Expires, async () => await _bench.PutAsync("k", [1])));
        Assert.Equal([1], await _bench.GetAsync("k"));
        Assert.Equal(0, await RunAsync(Expires, async () => await _bench.DeleteAsync("k")));
    }

    [Fact]
    public async Task A_version_that_became_current_again_stays()
    {
        await EnableAsync();
        await _bench.PutAsync("k", [1]);
        var marker = (await _bench.SendAsync(S3Operation.DeleteObject, "k")).Headers["x-amz-version-id"].ToString();
        Assert.Equal(0, await RunAsync(Noncurrent, () => _bench.SendAsync(S3Operation.DeleteObject, "k", null, "versionId=" + marker)));
        Assert.Equal([1], await _bench.GetAsync("k"));
    }

    [Fact]
    public async Task A_pass_ends_when_it_is_cancelled()
    {
        await _bench.PutAsync("k", [1]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Expires, null, new CancellationToken(canceled: true)));
        Assert.Equal([1], await _bench.GetAsync("k"));
    }

    [Fact]
    public async Task A_pass_ends_when_its_rules_are_deleted()
    {
        for (var i = 0; i < 100; i++)
        {
            await _bench.PutAsync($"k{i}", [1]);
        }

        var removed = await RunAsync(Expires, () => _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "lifecycle"));
        Assert.InRange(removed, 0, 20);
        Assert.InRange((await _bench.ListAsync()).Count, 80, 100);
    }

    [Fact]
    public async Task A_failure_ends_the_pass_and_a_later_one_does_the_rest()
    {
        await _bench.PutAsync("k1", [1]);
        await _bench.PutAsync("k2", [1]);
        await Assert.ThrowsAsync<S3Exception>(() => RunAsync(Expires, static () => throw new S3Exception(S3Errors.InsufficientStorage)));
        Assert.Equal(2, await RunAsync(Expires));
    }

    private Task EnableAsync() => _bench.SendAsync(S3Operation.PutBucketConfiguration, "",
        TextBody("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), "versioning");

    /// <summary>Runs a pass three days later. Before each of its requests reaches the store, something may happen.</summary>
    private async Task<long> RunAsync(string rule, Func<Task>? before = null, CancellationToken cancellationToken = default)
    {
        _bench.Time.Advance(TimeSpan.FromDays(3));
        await _bench.SendAsync(S3Operation.PutBucketConfiguration, "",
            TextBody($"<LifecycleConfiguration><Rule>{rule}</Rule></LifecycleConfiguration>"), "lifecycle");
        var lifecycle = _bench.Store.Buckets.Find(Bucket)!.Lifecycle!;
        var service = new Interrupted(_bench.Service, before ?? (static () => Task.CompletedTask));
        return await new LifecyclePass(_bench.Store, service, Bucket, lifecycle, LifecycleClock.Real).RunAsync(cancellationToken);
    }

    private sealed class Interrupted(IS3Service service, Func<Task> before) : IS3Service
    {
        public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
        {
            await before();
            await service.HandleAsync(request, response, cancellationToken);
        }
    }
}
