using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>A store with a bit of everything, whose files a test damages.</summary>
public abstract class DamagedStore : IAsyncLifetime
{
    private protected TellingDisk Disk { get; } = new();
    private protected EmbeddedBench Bench { get; private set; } = null!;
    /// <summary>What the store shows.</summary>
    private protected string Expected { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Bench = await OpenAsync(Disk);
        await Bench.PutAsync("replaced", [1]);
        await Bench.PutAsync("replaced", [2]);
        await Bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        await Bench.Layer.MarkDeletedAsync(Bucket, "back", default);
        var marks = new Proxy.Embedded.EmbeddedTombstones(Bench.Store);
        await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "back", default))!, default);
        await Bench.PutAsync("deleted", [3]);
        await Bench.Layer.MarkDeletedAsync(Bucket, "deleted", default);
        await Bench.DeleteAsync("deleted");
        await Bench.PutAsync("tagged", [4]);
        await Bench.SendAsync(S3Operation.PutObjectTagging, "tagged", TextBody(
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
        var upload = await MultipartTests.StartAsync(Bench);
        await MultipartTests.CompleteAsync(Bench, upload, await MultipartTests.UploadAsync(Bench, upload, 1, Bytes(1100)));
        await MultipartTests.UploadAsync(Bench, await MultipartTests.StartAsync(Bench, "open"), 1, Bytes(20), "open");
        await Bench.PutAsync("last", [5]);
        Expected = await StoreView.DescribeAsync(Bench);

        // Some thousand starts without the file that keeps room for deletes.
        Disk.SaysFull = true;
        File.Delete(Path.Combine(Bench.Folder, "RESERVE"));
    }

    public Task DisposeAsync() => Bench.DisposeAsync().AsTask();

    /// <summary>Returns the store's folder after a clean shutdown.</summary>
    private protected async Task<EmbeddedBench> CloseAsync()
    {
        EmbeddedBench closed = null!;
        await Bench.ReopenAsync(() => closed = Bench.Leave());
        return closed;
    }

    /// <summary>Every 97th byte of a file of the database: all of them take hours.</summary>
    private protected static IReadOnlyList<int> BytesOfDatabase(string path) =>
        Sweep.Of<int>([.. Enumerable.Range(0, (int)new FileInfo(path).Length).Where(static at => at % 97 == 0)], 40);

    private protected static string LogOf(EmbeddedBench bench) => bench.Files("changes").Order(StringComparer.Ordinal).Last();

    /// <summary>What the store shows once it has rebuilt what it found damaged.</summary>
    private protected static async Task<string> SeeAsync(EmbeddedBench bench)
    {
        for (var rebuilds = 0; ; rebuilds++)
        {
            try
            {
                return await StoreView.DescribeAsync(bench);
            }
            catch (S3Exception busy) when (busy.Error == S3Errors.ServiceUnavailable)
            {
                Assert.True(rebuilds < 5, $"still unavailable: {busy}\n{string.Join(", ", bench.Log.Names)}");
                Assert.Contains("DatabaseDamaged", bench.Log.Names);
                await bench.Store.Rows.Rebuilding;
            }
        }
    }

    /// <summary>A disk that reports itself full but accepts writes.</summary>
    private protected sealed class TellingDisk() : StoreDisk(isDurable: false)
    {
        public bool SaysFull { get; set; }

        public override long? RoomOf(string folder) => SaysFull ? 0 : base.RoomOf(folder);
    }
}
