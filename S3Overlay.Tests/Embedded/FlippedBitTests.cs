using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// One bit of the log or of the database is wrong, at many bytes in turn. Nothing acknowledged is lost, and no delete is undone (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class FlippedBitTests : DamagedStore
{
    /// <summary>One wrong bit in the log is corrected, whether the log is all there is or the database has its content.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_flipped_bit_in_the_log_changes_nothing_and_is_reported(bool isClosed, bool isDatabaseLost)
    {
        await using var left = isClosed ? await CloseAsync() : Bench.Leave();
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
            Assert.True(Expected == await StoreView.DescribeAsync(flipped), $"byte {at}");
            Assert.True(!isDatabaseLost || flipped.Log.Names.Contains("ChangeLogCorrected"), $"byte {at} in silence");
            Assert.False(Directory.Exists(Path.Combine(flipped.Folder, "lost")), $"byte {at}: written files were set aside");

            // Numbers continue after the highest previous one.
            Disk.SaysFull = false;
            await flipped.PutAsync("next", [6]);
            Assert.True(Sequences(flipped).Max() > highest);
            await flipped.DeleteAsync("next");
            Disk.SaysFull = true;
            await flipped.RebuildAsync();
            Assert.True(Expected == await StoreView.DescribeAsync(flipped), $"byte {at}, rebuilt");
        }
    }

    /// <summary>More than a bit is wrong in the middle of the log. What it said is in the database or in the files.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_record_in_the_log_changes_nothing_while_the_database_is_there(bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : Bench.Leave();
        foreach (var at in Sweep.Of((int)new FileInfo(LogOf(left)).Length - 20, 16))
        {
            await using var damaged = left.Leave();
            Damage(LogOf(damaged), at, 20);
            await damaged.StartAsync();
            await damaged.Store.Tidying;
            Assert.True(Expected == await StoreView.DescribeAsync(damaged), $"byte {at}");
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
            changed += await StoreView.DescribeAsync(damaged) == Expected ? 0 : 1;
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
        await using var left = isClosed ? await CloseAsync() : Bench.Leave();
        foreach (var path in Directory.GetFiles(left.Folder, "store.db*").Select(static path => Path.GetFileName(path)))
        {
            foreach (var at in BytesOfDatabase(Path.Combine(left.Folder, path)))
            {
                await using var flipped = left.Leave();
                Flip(Path.Combine(flipped.Folder, path), at);
                await flipped.StartAsync();
                Assert.True(Expected == await SeeAsync(flipped), $"{path}, byte {at}");
                await flipped.ReopenAsync();
                Assert.True(Expected == await SeeAsync(flipped), $"{path}, byte {at}, the start after that");
            }
        }
    }

    [Fact]
    public async Task A_lost_log_changes_nothing_while_the_database_is_there()
    {
        await using var closed = await CloseAsync();
        File.Delete(LogOf(closed));
        await closed.StartAsync();
        Assert.Contains("ChangeLogDamaged", closed.Log.Names);
        Assert.Equal(Expected, await StoreView.DescribeAsync(closed));
        await closed.Store.Tidying;
        await closed.RebuildAsync();
        Assert.Equal(Expected, await StoreView.DescribeAsync(closed));
    }

    [Fact]
    public async Task A_tail_that_a_kill_tore_off_is_no_damage()
    {
        await using var torn = Bench.Leave();
        File.AppendAllBytes(LogOf(torn), [200, 0, 0, 0, 1, 2, 3, 4, 5]);
        await torn.StartAsync();
        await torn.Store.Tidying;
        Assert.Equal(["JournalTorn"], torn.Log.Names);
        Assert.Equal(Expected, await StoreView.DescribeAsync(torn));
    }

    [Fact]
    public async Task A_tail_that_is_torn_after_an_orderly_end_is_damage()
    {
        await Bench.ReopenAsync(() => File.AppendAllBytes(LogOf(Bench), [200, 0, 0, 0, 1, 2, 3, 4, 5]));
        Assert.Contains("ChangeLogDamaged", Bench.Log.Names);
        Assert.Equal(Expected, await StoreView.DescribeAsync(Bench));
    }

    [Fact]
    public async Task The_file_of_numbers_may_be_lost()
    {
        Disk.SaysFull = false;
        await Bench.ReopenAsync(() => File.Delete(Path.Combine(Bench.Folder, "SEQUENCE")));
        await CheckAsync();
        await Bench.ReopenAsync(() =>
        {
            var path = Path.Combine(Bench.Folder, "SEQUENCE");
            var bytes = File.ReadAllBytes(path);
            bytes[^1] ^= 1;
            File.WriteAllBytes(path, bytes);
        });
        await CheckAsync();

        // All files with high numbers are gone, and so is the database.
        var highest = Sequences(Bench).Max();
        await Bench.DeleteAsync("next");
        await Bench.Store.Files.DisposeAsync();
        await Bench.RebuildAsync();
        await Bench.RebuildAsync();
        await Bench.PutAsync("next", [8]);
        Assert.True(Sequences(Bench).Max() > highest);

        async Task CheckAsync()
        {
            var before = Sequences(Bench).Max();
            await Bench.PutAsync("next", [7]);
            Assert.True(Sequences(Bench).Max() > before);
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
}
