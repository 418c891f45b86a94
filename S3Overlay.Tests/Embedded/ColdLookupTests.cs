using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>What of the database is not in memory is read on the thread pool: the caller may be a socket's thread.</summary>
public sealed class ColdLookupTests
{
    [Fact]
    public async Task A_request_never_waits_for_the_database_on_its_own_thread()
    {
        var disk = new ColdDisk();
        await using var bench = await OpenAsync(disk);
        for (var i = 0; i < 300; i++)
        {
            await bench.PutAsync($"key{i:000}", [1]);
        }

        var upload = await MultipartTests.StartAsync(bench);
        await MultipartTests.UploadAsync(bench, upload, 1, Bytes(20));
        await bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        var expected = await StoreView.DescribeAsync(bench);

        // A new start knows no row, and SQLite has read no page.
        await bench.ReopenAsync();
        await bench.Store.Tidying;
        disk.IsCold = true;
        await bench.Store.Rows.ReadAsync(0, static (_, _) => 0);
        var watched = new Thread(() =>
        {
            disk.Watched = Environment.CurrentManagedThreadId;
            string[] keys = ["key000", "key150", "key299", "nothing"];
            var calls = new List<Task>
            {
                bench.Layer.ResolveAsync(Bucket, "gone", default).AsTask(),
                bench.Layer.ListDeletedAsync(Bucket, "", "", default).FirstAsync().AsTask(),
                bench.Store.Uploads.FindAsync(Bucket, "key", upload).AsTask(),
                bench.Store.Uploads.PartsAsync(upload).AsTask(),
                bench.ListAsync(),
            };
            calls.AddRange(keys.Select(key => bench.Layer.ResolveAsync(Bucket, key, default).AsTask()));
            Task.WaitAll([.. calls]);
            disk.Watched = 0;
        });
        watched.Start();
        watched.Join();
        Assert.Equal(0, disk.WaitsOfWatched);
        Assert.InRange(disk.Refused, 1, int.MaxValue);
        Assert.Equal(expected, await StoreView.DescribeAsync(bench));
        Assert.DoesNotContain("DatabaseDamaged", bench.Log.Names);
    }

    /// <summary>A disk with nothing in memory.</summary>
    private sealed class ColdDisk() : StoreDisk(isDurable: false)
    {
        public bool IsCold { get; set; }

        public int Watched { get; set; }

        public int WaitsOfWatched { get; private set; }

        public int Refused { get; private set; }

        public override bool CanReadCached => true;

        public override int TryReadCached(SafeFileHandle file, Span<byte> buffer, long offset)
        {
            if (!IsCold)
            {
                return RecordFile.ReadFully(file, buffer, offset);
            }

            Refused++;
            return 0;
        }

        public override int Read(SafeFileHandle file, Span<byte> buffer, long offset)
        {
            WaitsOfWatched += Environment.CurrentManagedThreadId == Watched ? 1 : 0;
            return base.Read(file, buffer, offset);
        }
    }
}
