using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Memory;

/// <content>How many there may be.</content>
public sealed partial class DraftTests
{
    /// <summary>Five with keys of four characters.</summary>
    private const int Limit = 5 * (Size + Drafts.Overhead + (8 * 4));

    [Fact]
    public async Task No_more_wait_for_their_files_than_the_limit_allows()
    {
        _disk.Close();
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"key{i}", i);
        }

        var sixth = CreateAsync("key5", 5);
        Assert.NotSame(sixth, await Task.WhenAny(sixth, _disk.Waiting(2)));
        _disk.Open();
        await using (var entry = await sixth.WaitAsync(Patience.Limit))
        {
            await entry.WriteAsync(0, Bytes(5), default);
        }

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(Bytes(i), await ReadAsync($"key{i}"));
        }
    }

    [Fact]
    public async Task Not_even_if_many_come_at_once()
    {
        _disk.Close();
        using var start = new Barrier(32);
        var creating = Enumerable.Range(0, 32).Select(i => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return CreateAsync($"k{i:d3}", i);
            },
            TaskCreationOptions.LongRunning).Unwrap()).ToList();
        await _disk.Waiting(1);
        Assert.InRange(creating.Count(static task => task.IsCompletedSuccessfully), 0, 5);
        _disk.Open();
        foreach (var entry in await Task.WhenAll(creating).WaitAsync(Patience.Limit))
        {
            await entry.DisposeAsync();
        }
    }

    [Fact]
    public async Task Tiny_ones_count_with_what_goes_with_them()
    {
        _disk.Close();
        for (var i = 0; i < 8; i++)
        {
            await (await CreateAsync($"key{i}", i, 1)).DisposeAsync();
        }

        var next = CreateAsync("next", 1, 1024);
        Assert.NotSame(next, await Task.WhenAny(next, _disk.Waiting(2)));
        _disk.Open();
        await (await next.WaitAsync(Patience.Limit)).DisposeAsync();
    }

    [Fact]
    public async Task So_do_their_metadata()
    {
        _disk.Close();
        var info = new ObjectInfo
        {
            Size = 1, ETag = "\"v\"", LastModified = DateTimeOffset.UnixEpoch,
            Headers = [new("x-amz-meta-long", new string('x', Limit / 2))],
        };
        var creating = _store.CreateAsync("bucket", "key", new EntryIdentity("http://remote", "bucket", "key", 0), info, _time.GetUtcNow(),
            default).AsTask();
        Assert.NotSame(creating, await Task.WhenAny(creating, _disk.Waiting(1)));
        _disk.Open();
        await (await creating.WaitAsync(Patience.Limit)).DisposeAsync();
    }

    [Fact]
    public async Task What_became_no_draft_takes_no_room()
    {
        await PutAsync("keep", 0);
        await KeysAsync();
        for (var i = 0; i < 10; i++)
        {
            await (await CreateAsync("keep", i)).DisposeAsync();
        }

        _disk.Close();
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"key{i}", i).WaitAsync(Patience.Limit);
        }
    }
}
