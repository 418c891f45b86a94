using System.Text;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The disk fails at any step of a change (table F), once or from then on: what is refused has not happened and what is acknowledged has, and so it stays, with the next start and without the index.
/// </summary>
[Trait("Rule", "F-full")]
public sealed class FailingDiskTests : IAsyncDisposable
{
    private readonly DiskTrouble _trouble = new();
    private EmbeddedBench _bench = null!;
    private string _upload = "";
    private string[] _parts = [];

    /// <summary>What may be done to the store of these tests.</summary>
    public static TheoryData<string, DiskFault, int> Changes
    {
        get
        {
            var cases = new TheoryData<string, DiskFault, int>();
            foreach (var change in (string[])
                ["put", "put large", "overwrite", "delete", "leave tombstone", "tombstone of written", "discard", "tag", "begin upload", "part", "complete", "abort",
                    "make bucket", "delete bucket", "show bucket"])
            {
                cases.Add(change, DiskFault.Full, int.MaxValue);
                cases.Add(change, DiskFault.Full, 1);
                cases.Add(change, DiskFault.Error, 1);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_is_refused_does_not_happen_and_what_is_acknowledged_does_not_go_away(string change, DiskFault fault, int count)
    {
        await StartAsync();
        var before = await DescribeAsync();
        await ChangeAsync(change);
        var afterwards = await DescribeAsync();
        Assert.NotEqual(before, afterwards);
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

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>A store that has one of everything, and has been started again: all that is noted at the first use of it is noted.</summary>
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
        _upload = await MultipartTests.StartAsync(_bench);
        _parts = [await MultipartTests.UploadAsync(_bench, _upload, 1, Bytes(2000)), await MultipartTests.UploadAsync(_bench, _upload, 2, Bytes(10))];
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
    }

    private async Task ChangeAsync(string change)
    {
        var marks = new EmbeddedMarks(_bench.Store);
        await (change switch
        {
            "put" => _bench.PutAsync("new", [3]),
            "put large" => _bench.PutAsync("new", Bytes(600_000)),
            "overwrite" => _bench.PutAsync("key", [4]),
            "delete" => _bench.DeleteAsync("key"),
            "leave tombstone" => _bench.Layer.MarkDeletedAsync(Bucket, "remote", default).AsTask(),
            "tombstone of written" => _bench.Layer.MarkDeletedAsync(Bucket, "key", default).AsTask(),
            "discard" => marks.DiscardAsync(Bucket, (await marks.FindAsync(Bucket, "gone", default))!, default).AsTask(),
            "tag" => _bench.SendAsync(S3Operation.PutObjectTagging, "key", TextBody("<Tagging><TagSet><Tag><Key>new</Key><Value>2</Value></Tag></TagSet></Tagging>"), "tagging"),
            "begin upload" => MultipartTests.StartAsync(_bench, "other"),
            "part" => MultipartTests.UploadAsync(_bench, _upload, 2, Bytes(20)),
            "complete" => MultipartTests.CompleteAsync(_bench, _upload, _parts),
            "abort" => _bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(_upload)),
            "make bucket" => _bench.Layer.EnsureBucketAsync("other", default).AsTask(),
            "delete bucket" => _bench.Layer.DeleteBucketAsync("empty", default).AsTask(),
            "show bucket" => marks.DiscardBucketAsync("hidden", default).AsTask(),
            _ => throw new ArgumentException(change),
        });
    }

    /// <summary>All that clients and administrators can see.</summary>
    private async Task<string> DescribeAsync()
    {
        var text = new StringBuilder();
        foreach (var bucket in (string[])[Bucket, "empty", "hidden", "other"])
        {
            var tombstones = await _bench.Layer.ListDeletedAsync(bucket, "", "", default).ToListAsync();
            text.AppendLine($"{bucket}: {await _bench.Layer.ResolveBucketAsync(bucket, default)}, deleted: {string.Join(", ", tombstones)}");
        }

        foreach (var key in await _bench.ListAsync())
        {
            var tags = Encoding.UTF8.GetString((await _bench.SendAsync(S3Operation.GetObjectTagging, key, null, "tagging")).Content.Span);
            text.AppendLine($"{key}: {Md5(await _bench.GetAsync(key))} {tags}");
        }

        foreach (var upload in _bench.Store.Uploads.Of(Bucket).OrderBy(upload => upload.Key, StringComparer.Ordinal))
        {
            text.AppendLine($"upload of {upload.Key}: {string.Join(", ", _bench.Store.Uploads.Parts(upload.UploadId).Select(part => $"{part.Number} {part.Info.ETag}"))}");
        }

        return text.ToString();
    }
}
