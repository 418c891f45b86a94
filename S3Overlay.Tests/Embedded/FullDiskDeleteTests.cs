using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>On a full disk a delete frees space, so it is not refused for lack of space (table F).</summary>
[Trait("Rule", "F-full")]
public sealed class FullDiskDeleteTests : IAsyncLifetime
{
    private const int Count = 60;

    private readonly SmallDisk _disk = new();
    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync(_disk);
        for (var i = 0; i < Count; i++)
        {
            await _bench.PutAsync(Key(i), Bytes(8000));
        }
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Objects_can_be_deleted_and_then_there_is_room_again(bool isOverlaid)
    {
        _disk.Fill(_bench.Folder);
        Assert.Equal("InsufficientStorage", await _bench.FailAsync(S3Operation.PutObject, "new", new BytesBody(Bytes(8000))));
        for (var i = 0; i < Count - 1; i++)
        {
            if (isOverlaid)
            {
                await _bench.Layer.MarkDeletedAsync(Bucket, Key(i), default);
            }

            await _bench.DeleteAsync(Key(i));
        }

        await HasRoomAsync(Key(Count - 1));
    }

    [Fact]
    public async Task Many_can_be_deleted_at_once()
    {
        _disk.Fill(_bench.Folder);
        var keys = string.Concat(Enumerable.Range(0, Count).Select(static i => $"<Object><Key>{Key(i)}</Key></Object>"));
        var response = await _bench.SendAsync(S3Operation.DeleteObjects, "", TextBody($"<Delete>{keys}</Delete>"));
        Assert.DoesNotContain("Error", Xml(response).Elements().Select(static element => element.Name.LocalName));
        await HasRoomAsync();
    }

    [Fact]
    public async Task An_upload_can_be_aborted()
    {
        var upload = await MultipartTests.StartAsync(_bench);
        await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(1_500_000));
        _disk.Fill(_bench.Folder);
        await _bench.ReopenAsync();
        Assert.Equal("InsufficientStorage", await _bench.FailAsync(S3Operation.PutObject, "new", new BytesBody(Bytes(8000))));
        await _bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(upload));
        await HasRoomAsync([.. Enumerable.Range(0, Count).Select(Key)]);
    }

    /// <summary>Nothing in memory helps: neither reserved numbers nor an open journal.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_also_works_right_after_a_start(bool isKilled)
    {
        _disk.Fill(_bench.Folder);
        await _bench.ReopenAsync(() =>
        {
            if (isKilled)
            {
                File.Delete(Path.Combine(_bench.Folder, "CLEAN"));
            }

            _disk.Fill(_bench.Folder);
        });
        for (var i = 0; i < Count; i++)
        {
            await _bench.DeleteAsync(Key(i));
        }

        await HasRoomAsync();
    }

    [Fact]
    public async Task A_bucket_with_an_upload_can_be_deleted()
    {
        await _bench.Layer.EnsureBucketAsync("other", default);
        _disk.Fill(_bench.Folder);
        await _bench.ReopenAsync();
        await _bench.Layer.DeleteBucketAsync("other", default);
        Assert.True((await _bench.Layer.ResolveBucketAsync("other", default)).IsOpaque);
    }

    /// <summary>Writes cannot use the space reserved for deletes. It is reserved again before new writes are accepted.</summary>
    [Fact]
    public async Task What_deletes_need_is_kept_again_before_anything_is_written()
    {
        for (var round = 0; round < 3; round++)
        {
            _disk.Fill(_bench.Folder);
            for (var i = 0; i < Count; i++)
            {
                await _bench.DeleteAsync(Key(i));
            }

            await Patience.UntilAsync(() => !_bench.Files("objects").Any(), "Files stay of what is deleted.");
            var written = 0;
            try
            {
                for (; written < 10 * Count; written++)
                {
                    await _bench.PutAsync(Key(written), Bytes(8000));
                }
            }
            catch (S3Exception full) when (full.Error.Code == "InsufficientStorage")
            {
            }

            // The database's write-ahead log takes some of the room.
            Assert.InRange(written, 3, Count);
        }
    }

    private static string Key(int number) => $"{new string('k', 900)}{number:d4}";

    /// <summary>Room comes with the bytes of what was deleted, which go in the background.</summary>
    private async Task HasRoomAsync(params string[] left)
    {
        await Patience.UntilAsync(
            async () =>
            {
                try
                {
                    await _bench.PutAsync("new", Bytes(8000));
                    return true;
                }
                catch (S3Exception full) when (full.Error.Code == "InsufficientStorage")
                {
                    return false;
                }
            },
            "There is no room.");
        var expected = left.Append("new").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, await _bench.ListAsync());
        await using (var killed = await _bench.AfterKillAsync())
        {
            Assert.Equal(expected, await killed.ListAsync());
        }

        await _bench.ReopenAsync();
        Assert.Equal(expected, await _bench.ListAsync());
        _disk.Grow();
        await _bench.RebuildAsync();
        Assert.Equal(expected, await _bench.ListAsync());
    }
}
