using System.Collections.Concurrent;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Embedded;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// Table F, power cut: when a change is acknowledged, every byte that it wrote and every name that it gave have been synced, and no file
/// got its name before its bytes were.
/// </summary>
[Trait("Rule", "F-killed")]
public sealed class PowerCutTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(1_000_000)]
    public async Task What_is_acknowledged_is_on_the_disk(int size)
    {
        var disk = new Disk();
        await using var bench = await OpenAsync(disk);
        var upload = "";
        var tags = new List<string>();
        foreach (var (change, run) in ((string, Func<Task>)[])
        [
            ("create bucket", () => bench.Store.Buckets.CreateAsync("another", "us-east-1", bench.Store.Now, null, default)),
            ("put", () => bench.PutAsync("key", Bytes(size))),
            ("overwrite", () => bench.PutAsync("key", Bytes(size, 2))),
            ("copy", () => bench.SendAsync(S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", $"{Bucket}/key"))),
            ("tag", () => bench.SendAsync(S3Operation.PutObjectTagging, "key",
                TextBody("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"))),
            ("tombstone", () => bench.Layer.MarkDeletedAsync(Bucket, "key", default).AsTask()),
            ("delete", () => bench.DeleteAsync("key")),
            ("begin upload", async () => upload = await MultipartTests.StartAsync(bench)),
            ("part", async () => tags.Add(await MultipartTests.UploadAsync(bench, upload, 1, Bytes(size)))),
            ("complete", () => MultipartTests.CompleteAsync(bench, upload, [.. tags])),
            ("delete bucket", () => bench.Store.Buckets.DeleteAsync("another", true, static () => Task.CompletedTask, default)),
        ])
        {
            await run();
            Assert.True(disk.Unsynced.Length == 0, $"{change}: {disk.Unsynced}");
        }
    }

    /// <summary>A disk that knows what a power cut could still lose.</summary>
    private sealed class Disk() : StoreDisk(isDurable: false)
    {
        private readonly ConcurrentDictionary<SafeFileHandle, string> _paths = new();
        private readonly ConcurrentDictionary<string, string> _unsynced = new();

        public string Unsynced => string.Join(", ", _unsynced.Select(static one => $"{one.Key} ({one.Value})"));

        public override SafeFileHandle Create(string path) => Known(base.Create(path), path);

        public override SafeFileHandle Open(string path) => Known(base.Open(path), path);

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            base.Write(file, bytes, offset);
            Note(file);
        }

        public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
        {
            base.Write(file, pieces, offset);
            Note(file);
        }

        public override void Sync(SafeFileHandle file) => _unsynced.TryRemove(_paths.GetValueOrDefault(file, ""), out _);

        public override void Move(string from, string to)
        {
            // Never removed: a sync that comes later is too late.
            if (_unsynced.TryRemove(from, out _))
            {
                _unsynced[to] = "named before its bytes were synced";
            }

            base.Move(from, to);
            _unsynced[Path.GetDirectoryName(to)!] = "names";
        }

        public override Task SyncFolderAsync(string folder)
        {
            SyncFolder(folder);
            return Task.CompletedTask;
        }

        public override void SyncFolder(string folder) => _unsynced.TryRemove(folder, out _);

        /// <summary>Files that a start opens in another way are unknown here. None of them is written to later.</summary>
        private void Note(SafeFileHandle file)
        {
            if (_paths.TryGetValue(file, out var path))
            {
                _unsynced[path] = "bytes";
            }
        }

        private SafeFileHandle Known(SafeFileHandle file, string path)
        {
            _paths[file] = path;
            return file;
        }
    }
}
