using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>A data folder of version 1 is converted at the start, however often that is interrupted.</summary>
[Trait("Rule", "F-killed")]
public sealed class MigrationTests : IAsyncLifetime
{
    private readonly DiskTrouble _trouble = new();
    private EmbeddedBench _bench = null!;
    private string _expected = "";

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync(new TroubledDisk(_trouble));
        await _bench.PutAsync("written", [1]);
        await _bench.PutAsync("tagged", [2], ("x-amz-tagging", "old=1"));
        await _bench.SendAsync(S3Operation.PutObjectTagging, "tagged", TextBody(
            "<Tagging><TagSet><Tag><Key>new</Key><Value>2</Value></Tag></TagSet></Tagging>"), "tagging");
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        await _bench.Layer.EnsureBucketAsync("hidden", default);
        await _bench.Layer.DeleteBucketAsync("hidden", default);
        var upload = await MultipartTests.StartAsync(_bench);
        await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(2000));
        _expected = await StoreView.DescribeAsync(_bench);
        var rows = _bench.Store.Rows;
        var (buckets, uploads, tagged) = (rows.ListBuckets(), rows.ListUploads(), (await rows.FindObjectAsync(Bucket, "tagged"))!);
        var tombstone = (await rows.FindTombstoneAsync(Bucket, "gone"))!.Sequence;
        await _bench.CloseAsync();
        await MakeOldAsync(buckets, uploads, tagged, tombstone);
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task An_old_folder_shows_the_same_and_is_refused_by_old_programs()
    {
        await using var converted = _bench.Leave();
        await converted.StartAsync();
        Assert.Contains("MigrationStarted", converted.Log.Names);
        await StoreView.StaysAsync(converted, _expected);
        Assert.Equal("s3overlay-store 2\n", await File.ReadAllTextAsync(Path.Combine(converted.Folder, "FORMAT")));
        foreach (var old in (string[])["buckets", "uploads", "deletes", "index", "aside"])
        {
            Assert.False(Directory.Exists(Path.Combine(converted.Folder, old)), old);
        }

        Assert.Equal([9], await File.ReadAllBytesAsync(Assert.Single(converted.Files("lost"))));
    }

    [Fact]
    public async Task An_interrupted_conversion_begins_again_and_loses_nothing()
    {
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            await using var failing = _bench.Leave();
            _trouble.Begin(DiskFault.Error, step, int.MaxValue, DiskSteps.All);
            try
            {
                await failing.StartAsync();
            }
            catch (IOException)
            {
                // The start says why.
            }

            hasHappened = _trouble.Happened;
            await using var next = failing.Leave();
            _trouble.End();
            await next.StartAsync();
            Assert.Equal(_expected, await StoreView.DescribeAsync(next));
        }
    }

    /// <summary>Turns the closed store's folder into one of version 1.</summary>
    private async Task MakeOldAsync(List<BucketRecord> buckets, List<UploadRecord> uploads, ObjectRow tagged, ulong tombstone)
    {
        var (folders, disk) = (new StoreFolders(_bench.Folder), new StoreDisk(isDurable: false));
        foreach (var folder in folders.Old.All)
        {
            Directory.CreateDirectory(folder);
        }

        foreach (var bucket in buckets)
        {
            var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bucket.Name)).AsSpan(0, 16));
            await RecordFile.WriteAsync(folders, disk, FileKind.Bucket, Path.Combine(folders.Old.Buckets, name), bucket.Write(), default);
        }

        foreach (var upload in uploads)
        {
            await RecordFile.WriteAsync(folders, disk, FileKind.Upload, Path.Combine(folders.Old.Uploads, upload.UploadId), upload.Write(),
                default);
        }

        using (var journal = Journal.Open(Path.Combine(folders.Old.Deletes, "00000001.log"), disk, 0))
        {
            journal.Append(
            [
                new FieldWriter().Byte(2).Fixed(tombstone).Text(Bucket).Text("gone").File(default).OptionalText(null).WrittenMemory,
                new FieldWriter().Byte(3).Fixed(tagged.Sequence).Text(Bucket).Text("tagged").File(tagged.File).OptionalText(tagged.Tags)
                    .WrittenMemory,
            ]);
        }

        var dated = Directory.CreateDirectory(Path.Combine(folders.Old.Aside, "20261124T201500Z"));
        await File.WriteAllBytesAsync(Path.Combine(dated.FullName, FileId.New().ToString()), [9]);
        await File.WriteAllTextAsync(folders.Format, "s3overlay-store 1\n");
        Directory.Delete(folders.Changes, recursive: true);
        _bench.ForgetDatabase();
    }
}
