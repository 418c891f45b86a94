using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// One bit of the log or of the database is wrong, at many bytes in turn, or the end of a file is gone. Nothing acknowledged is lost, and
/// no delete is undone (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class FlippedBitTests : IAsyncLifetime
{
    private readonly TellingDisk _disk = new();
    private EmbeddedBench _bench = null!;
    private string _expected = "";

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
        await _bench.PutAsync("last", [5]);
        _expected = await StoreView.DescribeAsync(_bench);

        // Some thousand starts without the file that keeps room for deletes.
        _disk.SaysFull = true;
        File.Delete(Path.Combine(_bench.Folder, "RESERVE"));
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    /// <summary>One wrong bit in the log is corrected, whether the log is all there is or the database has its content.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_flipped_bit_in_the_log_changes_nothing_and_is_reported(bool isClosed, bool isDatabaseLost)
    {
        await using var left = isClosed ? await CloseAsync() : _bench.Leave();
        var highest = Sequences(left).Max();
        foreach (var at in Sweep.Of((int)new FileInfo(LogOf(left)).Length, 16))
        {
            await using var flipped = left.Leave();
            Flip(LogOf(flipped), at);
            if (isDatabaseLost)
            {
                flipped.ForgetDatabase();
            }

            await flipped.StartAsync();
            await flipped.Store.Tidying;
            Assert.True(_expected == await StoreView.DescribeAsync(flipped), $"byte {at}");
            Assert.True(!isDatabaseLost || flipped.Log.Names.Contains("ChangeLogCorrected"), $"byte {at} in silence");
            Assert.False(Directory.Exists(Path.Combine(flipped.Folder, "lost")), $"byte {at}: written files were set aside");

            // Numbers continue after the highest previous one.
            _disk.SaysFull = false;
            await flipped.PutAsync("next", [6]);
            Assert.True(Sequences(flipped).Max() > highest);
            await flipped.DeleteAsync("next");
            _disk.SaysFull = true;
            await flipped.RebuildAsync();
            Assert.True(_expected == await StoreView.DescribeAsync(flipped), $"byte {at}, rebuilt");
        }
    }

    /// <summary>More than a bit is wrong in the middle of the log. What it said is in the database or in the files.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_record_in_the_log_changes_nothing_while_the_database_is_there(bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : _bench.Leave();
        foreach (var at in Sweep.Of((int)new FileInfo(LogOf(left)).Length - 20, 16))
        {
            await using var damaged = left.Leave();
            Damage(LogOf(damaged), at, 20);
            await damaged.StartAsync();
            await damaged.Store.Tidying;
            Assert.True(_expected == await StoreView.DescribeAsync(damaged), $"byte {at}");
        }
    }

    /// <summary>Both are damaged: written objects are right, and the log of the program says that deletes may be undone.</summary>
    [Fact]
    public async Task What_the_log_alone_knew_is_reported()
    {
        await using var closed = await CloseAsync();
        var changed = 0;
        foreach (var at in Sweep.Of((int)new FileInfo(LogOf(closed)).Length - 20, 16))
        {
            await using var damaged = closed.Leave();
            Damage(LogOf(damaged), at, 20);
            damaged.ForgetDatabase();
            await damaged.StartAsync();
            Assert.Contains("ChangesLost", damaged.Log.Names);
            Assert.Equal([2], await damaged.GetAsync("replaced"));
            Assert.Equal([5], await damaged.GetAsync("last"));
            changed += await StoreView.DescribeAsync(damaged) == _expected ? 0 : 1;
            await damaged.Store.Tidying;

            // The log is written again from what is known.
            await damaged.RebuildAsync();
            Assert.Single(damaged.Log.Names, "ChangesLost");
        }

        Assert.InRange(changed, 1, int.MaxValue);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flipped_bit_in_the_database_changes_nothing(bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : _bench.Leave();
        foreach (var path in Directory.GetFiles(left.Folder, "store.db*").Select(static path => Path.GetFileName(path)))
        {
            foreach (var at in BytesOfDatabase(Path.Combine(left.Folder, path)))
            {
                await using var flipped = left.Leave();
                Flip(Path.Combine(flipped.Folder, path), at);
                await flipped.StartAsync();
                Assert.True(_expected == await SeeAsync(flipped), $"{path}, byte {at}");
                await flipped.ReopenAsync();
                Assert.True(_expected == await SeeAsync(flipped), $"{path}, byte {at}, the start after that");
            }
        }
    }

    [Theory]
    [InlineData("log", true)]
    [InlineData("log", false)]
    [InlineData("database", true)]
    [InlineData("database", false)]
    public async Task A_lost_end_changes_nothing(string file, bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : _bench.Leave();
        var path = Path.GetRelativePath(left.Folder, file == "log" ? LogOf(left) : Path.Combine(left.Folder, "store.db"));
        var length = (int)new FileInfo(Path.Combine(left.Folder, path)).Length;
        foreach (var cut in file == "log" ? Sweep.Of(length, 16) : BytesOfDatabase(Path.Combine(left.Folder, path)))
        {
            await using var shorter = left.Leave();
            using (var opened = new FileStream(Path.Combine(shorter.Folder, path), FileMode.Open))
            {
                opened.SetLength(opened.Length - cut - 1);
            }

            await shorter.StartAsync();
            Assert.True(_expected == await SeeAsync(shorter), $"{cut + 1} bytes less");
            await shorter.Store.Tidying;
            await shorter.RebuildAsync();
            Assert.True(_expected == await SeeAsync(shorter), $"{cut + 1} bytes less, rebuilt");
        }
    }

    [Fact]
    public async Task A_lost_log_changes_nothing_while_the_database_is_there()
    {
        await using var closed = await CloseAsync();
        File.Delete(LogOf(closed));
        await closed.StartAsync();
        Assert.Contains("ChangeLogDamaged", closed.Log.Names);
        Assert.Equal(_expected, await StoreView.DescribeAsync(closed));
        await closed.Store.Tidying;
        await closed.RebuildAsync();
        Assert.Equal(_expected, await StoreView.DescribeAsync(closed));
    }

    [Fact]
    public async Task A_tail_that_a_kill_tore_off_is_no_damage()
    {
        await using var torn = _bench.Leave();
        File.AppendAllBytes(LogOf(torn), [200, 0, 0, 0, 1, 2, 3, 4, 5]);
        await torn.StartAsync();
        await torn.Store.Tidying;
        Assert.Equal(["JournalTorn"], torn.Log.Names);
        Assert.Equal(_expected, await StoreView.DescribeAsync(torn));
    }

    [Fact]
    public async Task A_tail_that_is_torn_after_an_orderly_end_is_damage()
    {
        await _bench.ReopenAsync(() => File.AppendAllBytes(LogOf(_bench), [200, 0, 0, 0, 1, 2, 3, 4, 5]));
        Assert.Contains("ChangeLogDamaged", _bench.Log.Names);
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

        // All files with high numbers are gone, and so is the database.
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

    /// <summary>Every 97th byte of a file of the database: all of them take hours.</summary>
    private static IReadOnlyList<int> BytesOfDatabase(string path) =>
        Sweep.Of<int>([.. Enumerable.Range(0, (int)new FileInfo(path).Length).Where(static at => at % 97 == 0)], 40);

    private static string LogOf(EmbeddedBench bench) => bench.Files("changes").Order(StringComparer.Ordinal).Last();

    /// <summary>What the store shows once it has rebuilt what it found damaged.</summary>
    private static async Task<string> SeeAsync(EmbeddedBench bench)
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

    private static void Flip(string path, int at) => Change(path, at, 1, octet => (byte)(octet ^ (1 << (at % 8))));

    private static void Damage(string path, int at, int count) => Change(path, at, count, static octet => (byte)~octet);

    private static void Change(string path, int at, int count, Func<byte, byte> change)
    {
        var bytes = File.ReadAllBytes(path);
        for (var i = at; i < at + count; i++)
        {
            bytes[i] = change(bytes[i]);
        }

        File.WriteAllBytes(path, bytes);
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
