using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Overlay.Freshness;
using S3Overlay.Tests.Overlay.Reading;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>The same tests with the cache on an S3 endpoint.</summary>
public sealed class FrozenOverStoreTests : FrozenTests
{
    private StoreBench _bench = null!;

    protected override async Task<ICachePlace> StartPlaceAsync() => _bench = await StoreBench.StartAsync();

    /// <summary>
    /// It is the only chunk that the store has. Where it cannot be read, its entry must not count as one without bytes; and it is shown
    /// again as soon as it can be read.
    /// </summary>
    [Theory]
    [Trait("Rule", "F")]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_chunk_that_cannot_be_read_for_a_moment_does_not_show_the_newer_version(bool isCopied, bool isUnreachable)
    {
        var bytes = Bytes(200_000);
        Remote.Put("key", bytes);
        await ReadAsync("key", "bytes=0-9");
        await QuietAsync();
        await ReopenAsync();
        Remote.Put("key", Bytes(200_000, 2));
        Remote.OnRequest = (_, _) => isUnreachable ? throw new RemoteException(RemoteFailure.Unavailable, "as the test says")
            : Task.CompletedTask;
        _bench.Server.Fail = static request => request.Method == "GET" && request.Path.Value!.Contains("/k/", StringComparison.Ordinal)
            ? (503, "SlowDown") : null;
        var info = (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default))!;
        var source = await Reader.OpenAsync(Bucket, "key", Remote.Bucket, info, new ByteRange(0, 9), isCurrent: false, default);
        var failure = await Assert.ThrowsAsync<S3Exception>(
            isCopied ? async () => await source.ReadAsync(new byte[10], default) : () => ReadAsync("key", "bytes=0-9"));
        Assert.Equal((isUnreachable ? "ServiceUnavailable" : "RemoteChanged", 503), (failure.Error.Code, failure.Error.Status));
        await ((IAsyncDisposable)source).DisposeAsync();
        _bench.Server.Fail = null;
        Assert.Equal(bytes[..10], (await ReadAsync("key", "bytes=0-9")).Bytes);
    }

    /// <summary>The first read finds the damage when it has sent the blocks before it. The next one knows of it.</summary>
    [Fact]
    [Trait("Rule", "S1")]
    public async Task A_damaged_block_of_a_changed_object_is_503_before_the_first_byte()
    {
        InChunks(128 << 10);
        Remote.Put("key", Bytes(200_000));
        await ReadAsync("key");
        await QuietAsync();
        await ReopenAsync();
        var name = (await _bench.NamesAsync("k/"))[0];
        var (body, headers) = await _bench.TakeAsync(name);
        body[100_000] ^= 1;
        await _bench.PutAsync(name, body, headers);
        Remote.Put("key", Bytes(200_000, 2));
        Assert.True((await ReadAsync("key")).IsCut);
        for (var i = 0; i < 2; i++)
        {
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"));
            Assert.Equal("RemoteChanged", failure.Error.Code);
        }
    }

    protected override async Task DamageAsync(bool isCut)
    {
        var name = Assert.Single(await _bench.NamesAsync("c/"));
        var (body, headers) = await _bench.TakeAsync(name);
        body[^10] ^= 1;
        await _bench.PutAsync(name, isCut ? body[..^1] : body, headers);
    }
}
