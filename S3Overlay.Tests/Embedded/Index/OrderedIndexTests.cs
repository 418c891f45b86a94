using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.IndexRows;

namespace S3Overlay.Tests.Embedded.Index;

public sealed class OrderedIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Behaves_like_a_sorted_dictionary_through_flushes_merges_and_restarts(int seed)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var index = Open(flushBytes: 20_000);
        for (var step = 0; step < 3000; step++)
        {
            var batch = new IndexBatch();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                var key = $"k{random.Next(600):D3}";
                if (random.Next(4) == 0)
                {
                    batch.Delete(Bytes(key));
                    model.Remove(key);
                }
                else
                {
                    var value = new string('v', random.Next(200)) + step;
                    batch.Put(Bytes(key), Bytes(value));
                    model[key] = value;
                }
            }

            await index.CommitAsync(batch);
            var probe = $"k{random.Next(600):D3}";
            Assert.Equal(model.TryGetValue(probe, out var expected), index.TryGet(Bytes(probe), out var found));
            Assert.True(expected == (found is null ? null : Text(found)), $"seed {seed}, step {step}: {probe}");
            if (step % 500 == 250)
            {
                await index.DisposeAsync();
                index = Open(flushBytes: 20_000);
            }

            if (step % 300 == 0)
            {
                var from = $"k{random.Next(600):D3}";
                Assert.Equal(model.Where(p => string.CompareOrdinal(p.Key, from) >= 0).Select(p => $"{p.Key}={p.Value}"),
                    Scan(index, from));
            }
        }

        Assert.Null(index.LastBackgroundError);
        Assert.Equal(model.Select(p => $"{p.Key}={p.Value}"), Scan(index, ""));
        await index.DisposeAsync();
        Assert.InRange(Directory.GetFiles(_folder.Path, "*.run").Length, 1, 8);
    }

    [Fact]
    public async Task A_snapshot_does_not_see_later_commits_not_even_across_merges()
    {
        await using var index = Open(flushBytes: 2_000);
        await PutAsync(index, 0, 200, "old");
        using var before = index.Snapshot();
        await PutAsync(index, 0, 400, "new");
        await PutAsync(index, 0, 400, "newer");
        var cursor = before.OpenCursor();
        var seen = 0;
        for (var more = cursor.Seek([]); more; more = cursor.Next())
        {
            Assert.Equal("old", Text(cursor.Value));
            seen++;
        }

        Assert.Equal(200, seen);
        Assert.True(index.TryGet(Bytes("0000399"), out var now));
        Assert.Equal("newer", Text(now));
    }

    [Fact]
    public async Task Commits_of_many_at_once_are_all_there_after_a_restart()
    {
        await using (var index = Open(flushBytes: 5_000))
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PutAsync(index, i, i + 1, "v").AsTask()));
        }

        await using var again = Open(flushBytes: 5_000);
        Assert.Equal(500, Scan(again, "").Count);
    }

    [Fact]
    public async Task A_torn_journal_loses_only_what_was_not_acknowledged()
    {
        await using (var index = Open(flushBytes: 1 << 20))
        {
            await PutAsync(index, 0, 10, "v");
        }

        // What start-up replayed is in a run; these are in the journal.
        byte[] whole;
        string path;
        await using (var index = Open(flushBytes: 1 << 20))
        {
            await PutAsync(index, 10, 20, "v");
            path = Directory.GetFiles(_folder.Path, "*.journal").Single();
            whole = Read(path);
        }

        for (var cut = whole.Length; cut >= 0; cut -= 7)
        {
            using var copy = new TemporaryFolder();
            CrashedFolder.Copy(_folder.Path, copy.Path);
            File.WriteAllBytes(copy[Path.GetFileName(path)], whole[..cut]);
            await using var index = OrderedIndex.Open(new IndexOptions { Folder = copy.Path });
            var keys = Scan(index, "");
            Assert.InRange(keys.Count, 10, 20);
            Assert.True(cut < whole.Length || keys.Count == 20);
        }
    }

    /// <summary>Only a last record that extends past the end of the file can be the leftover of a killed process.</summary>
    [Theory, Trait("Rule", "F-damaged")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flipped_bit_of_a_journal_is_damage_at_each_bit(bool wasClosed)
    {
        long last;
        await using (var index = Open(flushBytes: 1 << 20))
        {
            await PutAsync(index, 0, 5, "value");
            last = new FileInfo(Directory.GetFiles(_folder.Path, "*.journal").Single()).Length;
            await PutAsync(index, 5, 6, "value");
        }

        var path = Directory.GetFiles(_folder.Path, "*.journal").Single();
        var whole = await File.ReadAllBytesAsync(path);
        var torn = 0;
        foreach (var bit in Sweep.Of(whole.Length * 8, 120))
        {
            using var copy = new TemporaryFolder();
            File.Copy(Path.Combine(_folder.Path, "MANIFEST"), copy["MANIFEST"]);
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(copy[Path.GetFileName(path)], flipped);
            try
            {
                await using var index = OrderedIndex
                    .Open(new IndexOptions { Folder = copy.Path, WasClosed = wasClosed, Disk = new StoreDisk(isDurable: false) });
                Assert.True(!wasClosed && bit >= last * 8 && bit < (last + 4) * 8, $"bit {bit} is not noticed");
                Assert.Equal(5, Scan(index, "").Count);
                torn++;
            }
            catch (IndexDamagedException damage)
            {
                Assert.Contains(".journal", damage.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(torn, wasClosed ? 0 : FullRunAttribute.IsOn ? 20 : 1, wasClosed ? 0 : 31);
    }

    [Fact, Trait("Rule", "F-damaged")]
    public async Task A_journal_that_is_not_the_last_has_no_torn_tail()
    {
        await using (var index = Open(flushBytes: 1 << 20))
        {
            await PutAsync(index, 0, 5, "value");
        }

        var path = Directory.GetFiles(_folder.Path, "*.journal").Single();
        var number = long.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture);
        new Manifest(number + 2, [], [number, number + 1]).Write(new StoreDisk(isDurable: false), Path.Combine(_folder.Path, "MANIFEST"));
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^3]);
        Assert.Throws<IndexDamagedException>(() => Open(flushBytes: 1 << 20));
    }

    [Fact]
    public async Task A_damaged_run_is_reported_by_name()
    {
        await using (var index = Open(flushBytes: 1 << 20))
        {
            await PutAsync(index, 0, 1000, "value");
        }

        await using (Open(flushBytes: 1 << 20))
        {
            // Opening it turned the journal into a run.
        }

        var run = Directory.GetFiles(_folder.Path, "*.run").Single();
        var bytes = await File.ReadAllBytesAsync(run);
        for (var position = 3; position < bytes.Length; position += bytes.Length / 9)
        {
            var damaged = bytes.ToArray();
            damaged[position] ^= 0x10;
            await File.WriteAllBytesAsync(run, damaged);
            var failure = await Assert.ThrowsAsync<IndexDamagedException>(async () =>
            {
                await using var index = Open(flushBytes: 1 << 20);
                Scan(index, "");
            });
            Assert.Contains(run, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_owners_are_one_too_many()
    {
        await using var index = Open(1 << 20);
        Assert.Throws<IndexInUseException>(() => Open(1 << 20));
    }

    [Fact]
    public async Task A_log_brings_back_its_records_and_cuts_a_torn_tail()
    {
        var path = _folder["log"];
        await using (var log = GroupCommitLog.Open(path, new StoreDisk(isDurable: true), 0))
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => log.AppendAsync(Bytes($"record {i}")).AsTask()));
        }

        var bytes = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, bytes[..^3]);
        Assert.Equal(Enumerable.Range(0, 49).Select(i => $"record {i}"), Records(path));
        long end;
        using (var reader = JournalReader.Open(path)!)
        {
            while (reader.TryRead(out _))
            {
            }

            Assert.True(reader.IsTorn);
            end = reader.Position;
        }

        await using (var again = GroupCommitLog.Open(path, new StoreDisk(isDurable: true), end))
        {
            await again.AppendAsync(Bytes("next"));
        }

        Assert.Equal(Enumerable.Range(0, 49).Select(i => $"record {i}").Append("next"), Records(path));
    }

    private OrderedIndex Open(long flushBytes) =>
        OrderedIndex.Open(new IndexOptions { Folder = _folder.Path, FlushBytes = flushBytes, Disk = new StoreDisk(isDurable: false) });

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
