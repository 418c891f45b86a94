using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// One bit of the index's journal or of the delete log is wrong, at each byte in turn. Nothing acknowledged is lost, and no delete is
/// undone (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class FlippedBitTests : IAsyncLifetime
{
    private const string Journals = "index";
    private const string Deletes = "deletes";

    private readonly TellingDisk _disk = new();
    private EmbeddedBench _bench = null!;
    private string _expected = "";
    private string _beforeLast = "";

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync(_disk);
        await _bench.PutAsync("replaced", [1]);
        await _bench.PutAsync("replaced", [2]);
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", default);
        await _bench.Layer.MarkDeletedAsync(Bucket, "back", default);
        var marks = new Proxy.Embedded.EmbeddedTombstones(_bench.Store);
        await marks.UndeleteAsync(Bucket, (await marks.FindAsync(Bucket, "back", default))!, default);
        await _bench.PutAsync("deleted", [3]);
        await _bench.Layer.MarkDeletedAsync(Bucket, "deleted", default);
        await _bench.DeleteAsync("deleted");
        await _bench.PutAsync("tagged", [4]);
        await _bench.SendAsync(S3Operation.PutObjectTagging, "tagged", TextBody(
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
        var upload = await MultipartTests.StartAsync(_bench);
        await MultipartTests.CompleteAsync(_bench, upload, await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(1100)));
        await MultipartTests.UploadAsync(_bench, await MultipartTests.StartAsync(_bench, "open"), 1, Bytes(20), "open");
        _beforeLast = await StoreView.DescribeAsync(_bench);
        await _bench.PutAsync("last", [5]);
        _expected = await StoreView.DescribeAsync(_bench);

        // Some thousand starts without the file that keeps room for deletes.
        _disk.SaysFull = true;
        File.Delete(Path.Combine(_bench.Folder, "RESERVE"));
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData(Journals, true)]
    [InlineData(Journals, false)]
    [InlineData(Deletes, true)]
    [InlineData(Deletes, false)]
    public async Task It_changes_nothing_and_is_reported(string folder, bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : _bench.Leave();
        var highest = Sequences(left).Max();

        // OrderedIndexTests tries each byte of a journal, which is quick there.
        foreach (var at in Sweep.Of<int>([.. Enumerable.Range(0, (int)Size(left, folder)).Where(at => folder == Deletes || at % 13 == 0)],
            12))
        {
            await using var flipped = left.Leave();
            Flip(flipped, folder, at);
            await flipped.StartAsync();
            await flipped.Store.Tidying;
            var seen = await StoreView.DescribeAsync(flipped);

            // The last record of a killed process looks truncated if its length is too large. What it named stays, and the log of the
            // store says where.
            if (seen != _expected && !isClosed && folder == Journals)
            {
                Assert.Equal(_beforeLast, seen);
                Assert.Contains("OrphansSetAside", flipped.Log.Names);
                Assert.Single(Directory.GetFiles(Path.Combine(flipped.Folder, "aside"), "*", SearchOption.AllDirectories));
                continue;
            }

            Assert.True(_expected == seen, $"byte {at}: {seen}");
            Assert.True(flipped.Log.Names.Any(static name => name is "IndexFileDamaged" or "DeleteLogDamaged" or "JournalTorn"),
                $"byte {at} in silence");
            Assert.False(Directory.Exists(Path.Combine(flipped.Folder, "aside")), $"byte {at}: written files were set aside");
            if (at % 4 > 0)
            {
                continue;
            }

            // Numbers continue after the highest previous one.
            _disk.SaysFull = false;
            await flipped.PutAsync("next", [6]);
            Assert.True(Sequences(flipped).Max() > highest);
            await flipped.DeleteAsync("next");
            _disk.SaysFull = true;

            // What the log lacks it has from the index again, and the other way round.
            await flipped.RebuildAsync();
            Assert.True(_expected == await StoreView.DescribeAsync(flipped), $"byte {at}, rebuilt");
        }
    }

    [Fact]
    public async Task What_the_log_of_deletes_alone_knew_is_named()
    {
        await using var closed = await CloseAsync();
        var changed = 0;
        foreach (var at in Sweep.Of((int)Size(closed, Deletes), 24))
        {
            await using var flipped = closed.Leave();
            Flip(flipped, Deletes, at);
            flipped.ForgetIndex();
            await flipped.StartAsync();
            Assert.Contains("DeletesLost", flipped.Log.Names);
            changed += await StoreView.DescribeAsync(flipped) == _expected ? 0 : 1;
            await flipped.ReopenAsync();
            Assert.Single(flipped.Log.Names, "DeletesLost");
        }

        // Not if the record has no current information.
        Assert.InRange(changed, 1, Size(closed, Deletes) - 1);
    }

    [Theory]
    [InlineData(Journals)]
    [InlineData(Deletes)]
    public async Task A_tail_that_a_kill_tore_off_is_no_damage(string folder)
    {
        await using var torn = _bench.Leave();
        File.AppendAllBytes(Newest(torn, folder), [200, 0, 0, 0, 1, 2, 3, 4, 5]);
        await torn.StartAsync();
        await torn.Store.Tidying;
        Assert.Equal(["JournalTorn"], torn.Log.Names);
        Assert.Equal(_expected, await StoreView.DescribeAsync(torn));
    }

    [Theory]
    [InlineData(Journals, "IndexFileDamaged")]
    [InlineData(Deletes, "DeleteLogDamaged")]
    public async Task A_tail_that_is_torn_after_an_orderly_end_is_damage(string folder, string told)
    {
        await _bench.ReopenAsync(() => File.AppendAllBytes(Newest(_bench, folder), [200, 0, 0, 0, 1, 2, 3, 4, 5]));
        Assert.Contains(told, _bench.Log.Names);
        Assert.Equal(_expected, await StoreView.DescribeAsync(_bench));
    }

    [Fact]
    public async Task The_file_of_numbers_may_be_lost()
    {
        _disk.SaysFull = false;
        await _bench.ReopenAsync(() => File.Delete(Path.Combine(_bench.Folder, "SEQUENCE")));
        await CheckAsync();
        await _bench.ReopenAsync(() =>
        {
            var path = Path.Combine(_bench.Folder, "SEQUENCE");
            var bytes = File.ReadAllBytes(path);
            bytes[^1] ^= 1;
            File.WriteAllBytes(path, bytes);
        });
        await CheckAsync();

        // All files with high numbers are gone, and so is the index.
        var highest = Sequences(_bench).Max();
        await _bench.DeleteAsync("next");
        await _bench.Store.Files.DisposeAsync();
        await _bench.RebuildAsync();
        await _bench.RebuildAsync();
        await _bench.PutAsync("next", [8]);
        Assert.True(Sequences(_bench).Max() > highest);

        async Task CheckAsync()
        {
            var before = Sequences(_bench).Max();
            await _bench.PutAsync("next", [7]);
            Assert.True(Sequences(_bench).Max() > before);
        }
    }

    /// <summary>Returns the store's folder after a clean shutdown.</summary>
    private async Task<EmbeddedBench> CloseAsync()
    {
        EmbeddedBench closed = null!;
        await _bench.ReopenAsync(() => closed = _bench.Leave());
        return closed;
    }

    private static string Newest(EmbeddedBench bench, string folder) => Of(bench, folder)[^1];

    private static List<string> Of(EmbeddedBench bench, string folder) =>
        [.. bench.Files(folder).Where(static path => Path.GetExtension(path) is ".journal" or ".log").Order(StringComparer.Ordinal)];

    private static int Size(EmbeddedBench bench, string folder) => (int)Of(bench, folder).Sum(static path => new FileInfo(path).Length);

    private static void Flip(EmbeddedBench bench, string folder, int at)
    {
        foreach (var path in Of(bench, folder))
        {
            var bytes = File.ReadAllBytes(path);
            if (at < bytes.Length)
            {
                bytes[at] ^= (byte)(1 << (at % 8));
                File.WriteAllBytes(path, bytes);
                return;
            }

            at -= bytes.Length;
        }
    }

    private static List<ulong> Sequences(EmbeddedBench bench)
    {
        var sequences = new List<ulong>();
        foreach (var path in bench.Files("objects"))
        {
            using var file = RecordFile.Open(path);
            sequences.Add(FileHeader.Read(RecordFile.ReadHeader(file).Header).Sequence);
        }

        return sequences;
    }

    /// <summary>A disk that reports itself full but accepts writes.</summary>
    private sealed class TellingDisk() : StoreDisk(isDurable: false)
    {
        public bool SaysFull { get; set; }

        public override long? RoomOf(string folder) => SaysFull ? 0 : base.RoomOf(folder);
    }
}
