using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>The remote changes, or the key is written here, between any two steps of a read.</summary>
public class ChangingRemoteTests : ReaderTestBase
{
    private readonly byte[] _old = [.. Enumerable.Repeat((byte)'a', 40)];
    private readonly byte[] _new = [.. Enumerable.Repeat((byte)'b', 40)];

    [Theory]
    [Trait("Rule", "R7")]
    [InlineData(16, 8)]
    [InlineData(100, 8)]
    public async Task Answers_are_of_one_version_whenever_it_changes(long threshold, long chunk)
    {
        Settings = Settings with { ChunkThreshold = threshold, ChunkSize = chunk };
        Remote.PieceSize = 1;
        string?[] ranges = [null, "bytes=0-3", "bytes=5-20", "bytes=13-13", "bytes=-10", "bytes=17-", "bytes=30-39"];
        for (var at = 1; at < 14; at++)
        {
            var key = $"key-{at}";
            var older = Remote.Put(key, _old);
            var requests = 0;
            Remote.OnRequest = (_, _) =>
            {
                if (Interlocked.Increment(ref requests) == at)
                {
                    Remote.Put(key, _new, modified: older.LastModified.AddDays(1));
                }

                return Task.CompletedTask;
            };
            for (var round = 0; round < 3; round++)
            {
                await Task.WhenAll(ranges.Select(async range =>
                {
                    var response = new CollectedResponse();
                    await Reader.ReadAsync(Request(key, range), response, Remote.Bucket, default);
                    await response.Body.FlushAsync();
                    AssertOneVersion(response, older.ETag);
                    if (!response.IsAborted)
                    {
                        Assert.Equal(response.Headers.ContentLength, response.Length);
                    }
                }));
            }

            await QuietAsync();
        }
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task A_cached_part_of_an_old_version_is_replaced_before_the_first_byte()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8 };
        Remote.Put("key", _old);
        await ReadAsync("key", "bytes=0-7");
        await QuietAsync();
        var newer = Remote.Put("key", _new);
        Assert.Equal(_old[..8], (await ReadAsync("key", "bytes=0-7")).Bytes);
        var response = await ReadAsync("key", "bytes=8-15");
        Assert.Equal(_new[8..16], response.Bytes);
        Assert.Equal(newer.ETag, response.Headers.ETag.ToString());
        Assert.Equal("text/x-test", Assert.Single(response.Headers.ContentType));
        Assert.Equal(_new[..8], (await ReadAsync("key", "bytes=0-7")).Bytes);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task A_version_that_is_gone_after_the_first_byte_cuts_the_response()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8, ReadAheadBytes = 0 };
        Remote.Put("key", _old);
        await ReadAsync("key", "bytes=0-7");
        await ReadAsync("key", "bytes=16-23");
        await QuietAsync();
        var (asked, response) = (0, new CollectedResponse());
        Remote.OnRequest = async (_, _) =>
        {
            // The first gap still has the cached version, and the response begins with it. The second has not.
            if (++asked == 2)
            {
                await response.ReachedAsync(24);
                Remote.Put("key", _new);
            }
        };
        await Reader.ReadAsync(Request("key", "bytes=0-31"), response, Remote.Bucket, default);
        Assert.True(response.IsAborted);
        Assert.Equal(_old[..24], response.Bytes);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task A_version_with_only_its_first_bytes_cached_is_replaced_before_the_first_byte()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8 };
        Remote.Put("key", _old);
        await ReadAsync("key", "bytes=0-7");
        await QuietAsync();
        Remote.Put("key", _new);
        var response = await ReadAsync("key", "bytes=0-15");
        Assert.False(response.IsAborted);
        Assert.Equal(_new[..16], response.Bytes);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task A_deleted_object_is_404_if_its_bytes_are_not_cached()
    {
        Settings = Settings with { ChunkThreshold = 16, ChunkSize = 8 };
        Remote.Put("key", _old);
        await ReadAsync("key", "bytes=0-7");
        await QuietAsync();
        Remote.Remove("key");
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=8-15"))).Error.Code);
    }

    [Fact]
    [Trait("Rule", "C3")]
    public async Task No_fill_that_began_before_a_write_leaves_an_entry()
    {
        Remote.PieceSize = 10;
        for (var step = 0; step < 8; step++)
        {
            var key = $"key-{step}";
            Remote.Put(key, _old);
            var steps = 0;
            Task StepAsync() => steps++ == step ? Reader.InvalidateAsync(Bucket, key).AsTask() : Task.CompletedTask;
            Remote.OnRequest = (_, _) => StepAsync();
            Remote.OnByte = (_, _) => StepAsync();
            Wrap = store => new SteppedStore(store) { BeforeCreate = StepAsync, AfterCreate = StepAsync };
            Assert.Equal(_old, (await ReadAsync(key)).Bytes);
            await QuietAsync();
            if (steps > step)
            {
                Assert.Null(await Store.FindAsync(Bucket, key, default));
            }

            Remote.OnRequest = null;
            Remote.OnByte = null;
            await ReopenAsync();
        }
    }

    [Fact]
    [Trait("Rule", "T2")]
    public async Task An_entry_that_a_listing_evicted_gets_no_new_readers()
    {
        var older = Remote.Put("key", _old);
        var slow = new TaskCompletionSource();
        var first = new CollectedResponse { OnSending = _ => slow.Task };
        var reading = Reader.ReadAsync(Request("key"), first, Remote.Bucket, default);
        await QuietFillAsync();
        Remote.Put("key", _new);
        await Store.EvictAsync(Bucket, "key", older.ETag, default);
        Assert.Equal(_new, (await ReadAsync("key")).Bytes);
        slow.SetResult();
        await reading;
        Assert.Equal(_old, first.Bytes);
    }

    private Task QuietFillAsync() => Patience.UntilAsync(() => Reader.Fills!.Completed > 0, "The fill does not end.");

    private void AssertOneVersion(CollectedResponse response, string olderETag)
    {
        var expected = response.Headers.ETag.ToString() == olderETag ? (byte)'a' : (byte)'b';
        Assert.All(response.Bytes, octet => Assert.Equal(expected, octet));
    }
}
