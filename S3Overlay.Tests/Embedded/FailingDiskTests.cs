using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The disk fails at any step of a change (table F), once or from then on. A refused change has not happened, an acknowledged one has, and
/// both survive the next start and the loss of the index.
/// </summary>
[Trait("Rule", "F-full")]
public sealed class FailingDiskTests : IAsyncDisposable
{
    private static readonly string[] All =
        ["put", "put large", "overwrite", "delete", "leave tombstone", "tombstone of written", "discard", "tag", "begin upload", "part",
            "complete", "abort",
            "make bucket", "delete bucket", "remove bucket", "show bucket"];

    private readonly DiskTrouble _trouble = new();
    private EmbeddedBench _bench = null!;
    private string _upload = "";
    private string[] _parts = [];

    /// <summary>The changes that these tests make to the store.</summary>
    public static TheoryData<string, DiskFault, int> Changes
    {
        get
        {
            var cases = new TheoryData<string, DiskFault, int>();
            foreach (var change in All)
            {
                cases.Add(change, DiskFault.Full, int.MaxValue);
                cases.Add(change, DiskFault.Full, 1);
                cases.Add(change, DiskFault.Error, 1);
            }

            return cases;
        }
    }

    /// <summary>The same, and how the disk fails in what is no write.</summary>
    public static TheoryData<string, DiskFault> Once
    {
        get
        {
            var cases = new TheoryData<string, DiskFault>();
            foreach (var change in All)
            {
                cases.Add(change, DiskFault.Error);
                cases.Add(change, DiskFault.Denied);
            }

            return cases;
        }
    }

    /// <summary>The same, and how often it fails.</summary>
    public static TheoryData<string, int> More
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var change in All)
            {
                cases.Add(change, 2);
                cases.Add(change, int.MaxValue);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_is_refused_does_not_happen_and_what_is_acknowledged_does_not_go_away(string change, DiskFault fault, int count)
    {
        var (before, afterwards) = await LearnAsync(change);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await _bench.DisposeAsync();
            await StartAsync();
            _trouble.Begin(fault, step, count);
            var isDone = await TryAsync(change, fault);
            hasHappened = _trouble.Happened;
            if (count == 1)
            {
                _trouble.End();
            }

            Assert.Equal(isDone ? afterwards : before, await DescribeAsync());
            await _bench.ReopenAsync(_trouble.End);
            Assert.Equal(isDone ? afterwards : before, await DescribeAsync());
            await _bench.RebuildAsync();
            Assert.Equal(isDone ? afterwards : before, await DescribeAsync());
            if (!isDone)
            {
                await ChangeAsync(change);
                Assert.Equal(afterwards, await DescribeAsync());
                await _bench.RebuildAsync();
                Assert.Equal(afterwards, await DescribeAsync());
            }
        }
    }

    /// <summary>Syncs, deletes and truncations may fail too. Then the process is closed cleanly, or killed.</summary>
    [Theory]
    [MemberData(nameof(Once))]
    public async Task Whatever_fails_once_leaves_all_or_nothing_behind(string change, DiskFault fault)
    {
        var (before, afterwards) = await LearnAsync(change);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await _bench.DisposeAsync();
            await StartAsync();
            _trouble.Begin(fault, step, 1, DiskSteps.All);
            var expected = await TryAsync(change, fault) ? afterwards : before;
            hasHappened = _trouble.Happened;
            _trouble.End();
            Assert.Equal(expected, await DescribeAsync());
            await using (var killed = await _bench.AfterKillAsync())
            {
                await StoreView.StaysAsync(killed, expected);
            }

            await _bench.ReopenAsync();
            await StoreView.StaysAsync(_bench, expected);
            if (expected == before)
            {
                await ChangeAsync(change);
                await StoreView.StaysAsync(_bench, afterwards);
            }
        }
    }

    /// <summary>If rolling back fails too, the refused change may take effect: with the next start, and not later.</summary>
    [Theory]
    [MemberData(nameof(More))]
    public async Task Whatever_fails_more_than_once_loses_nothing_and_is_the_same_from_the_next_start_on(string change, int count)
    {
        var (before, afterwards) = await LearnAsync(change);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await _bench.DisposeAsync();
            await StartAsync();
            _trouble.Begin(DiskFault.Error, step, count, DiskSteps.All);
            var isDone = await TryAsync(change, DiskFault.Error);
            hasHappened = _trouble.Happened;
            Assert.Equal(isDone ? afterwards : before, await DescribeAsync());
            await using (var killed = _bench.Leave())
            {
                _trouble.End();
                await killed.StartAsync();
                await StoreView.StaysAsync(killed, await ExpectAsync(killed));
            }

            if (count == int.MaxValue)
            {
                _trouble.Begin(DiskFault.Error, 0, count, DiskSteps.All);
            }

            await _bench.ReopenAsync(_trouble.End);
            await StoreView.StaysAsync(_bench, await ExpectAsync(_bench));
            await _bench.DisposeAsync();
            await StartAsync();
            _trouble.Begin(DiskFault.Error, step, count, DiskSteps.All);
            isDone = await TryAsync(change, DiskFault.Error);
            _trouble.End();
            await _bench.ReopenAsync();
            await StoreView.StaysAsync(_bench, await ExpectAsync(_bench));

            async Task<string> ExpectAsync(EmbeddedBench bench) => !isDone && await StoreView.DescribeAsync(bench) == before ? before
                : afterwards;
        }
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>Returns the state of the store before and after a change.</summary>
    private async Task<(string Before, string Afterwards)> LearnAsync(string change)
    {
        await StartAsync();
        var before = await DescribeAsync();
        await ChangeAsync(change);
        var afterwards = await DescribeAsync();
        Assert.NotEqual(before, afterwards);
        return (before, afterwards);
    }

    /// <summary>A restarted store that has one of everything, so that every first use is behind it.</summary>
    private async Task StartAsync()
    {
        _bench = await OpenAsync(new TroubledDisk(_trouble));
        await _bench.PutAsync("key", [1]);
        await _bench.PutAsync("marked", [2]);
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        foreach (var bucket in (string[])["empty", "hidden"])
        {
            await _bench.Layer.EnsureBucketAsync(bucket, default);
            await _bench.Layer.MarkDeletedAsync(bucket, "gone", default);
        }

        await _bench.Layer.DeleteBucketAsync("hidden", default);
        await _bench.Layer.EnsureBucketAsync("bare", default);
        _upload = await MultipartTests.StartAsync(_bench);
        _parts = [await MultipartTests.UploadAsync(_bench, _upload, 1, Bytes(2000)),
            await MultipartTests.UploadAsync(_bench, _upload, 2, Bytes(10))];
    }

    private async Task<bool> TryAsync(string change, DiskFault fault)
    {
        try
        {
            await ChangeAsync(change);
            return true;
        }
        catch (S3Exception refused)
        {
            Assert.Equal(fault == DiskFault.Full ? "InsufficientStorage" : "InternalError", refused.Error.Code);
            return false;
        }
        catch (UnauthorizedAccessException) when (fault == DiskFault.Denied)
        {
            // An unexpected exception becomes a 500 response.
            return false;
        }
    }

    private async Task ChangeAsync(string change)
    {
        var marks = new EmbeddedTombstones(_bench.Store);
        await (change switch
        {
            "put" => _bench.PutAsync("new", [3]),
            "put large" => _bench.PutAsync("new", Bytes(600_000)),
            "overwrite" => _bench.PutAsync("key", [4]),
            "delete" => _bench.DeleteAsync("key"),
            "leave tombstone" => _bench.Layer.MarkDeletedAsync(Bucket, "remote", default).AsTask(),
            "tombstone of written" => _bench.Layer.MarkDeletedAsync(Bucket, "key", default).AsTask(),
            "discard" => marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "gone", default))!, default).AsTask(),
            "tag" => _bench.SendAsync(S3Operation.PutObjectTagging, "key",
                TextBody("<Tagging><TagSet><Tag><Key>new</Key><Value>2</Value></Tag></TagSet></Tagging>"), "tagging"),
            "begin upload" => MultipartTests.StartAsync(_bench, "other"),
            "part" => MultipartTests.UploadAsync(_bench, _upload, 2, Bytes(20)),
            "complete" => MultipartTests.CompleteAsync(_bench, _upload, _parts),
            "abort" => _bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(_upload)),
            "make bucket" => _bench.Layer.EnsureBucketAsync("other", default).AsTask(),
            "delete bucket" => _bench.Layer.DeleteBucketAsync("empty", default).AsTask(),
            "remove bucket" => _bench.Store.DeleteBucketAsync("bare", isOpaque: false, default),
            "show bucket" => marks.UndeleteBucketAsync("hidden", default).AsTask(),
            _ => throw new ArgumentException(change),
        });
    }

    private Task<string> DescribeAsync() => StoreView.DescribeAsync(_bench);
}
