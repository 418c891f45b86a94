using System.Collections.Concurrent;
using System.Text;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Tests.Support;

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
                Assert.Equal(model.Where(p => string.CompareOrdinal(p.Key, from) >= 0).Select(p => $"{p.Key}={p.Value}"), Scan(index, from));
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
            foreach (var file in Directory.GetFiles(_folder.Path).Where(f => !f.EndsWith("LOCK", StringComparison.Ordinal)))
            {
                File.WriteAllBytes(copy[Path.GetFileName(file)], file == path ? whole[..cut] : File.ReadAllBytes(file));
            }

            await using var index = OrderedIndex.Open(new IndexOptions { Folder = copy.Path });
            var keys = Scan(index, "");
            Assert.InRange(keys.Count, 10, 20);
            Assert.True(cut < whole.Length || keys.Count == 20);
        }
    }

    [Fact]
    public async Task A_damaged_run_is_told_and_named()
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
        await using (var log = GroupCommitLog.Open(path, new StoreDisk(isDurable: true), _ => { }))
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => log.AppendAsync(Bytes($"record {i}")).AsTask()));
        }

        var bytes = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, bytes[..^3]);
        var found = new List<string>();
        await using var again = GroupCommitLog.Open(path, new StoreDisk(isDurable: true), record => found.Add(Text(record.Span)));
        Assert.Equal(Enumerable.Range(0, 49).Select(i => $"record {i}"), found);
    }

    [Fact]
    public async Task An_index_that_cannot_be_brought_to_disk_says_so_once_and_goes_on()
    {
        var logger = new EventLogger();
        await using var index = OrderedIndex.Open(new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = new StoreDisk(isDurable: false), Logger = logger });
        Directory.Delete(_folder.Path, recursive: true);
        for (var i = 0; i < 200; i++)
        {
            var batch = new IndexBatch();
            batch.Put(Bytes($"k{i:D3}"), Bytes("value"));
            await index.CommitAsync(batch);
        }

        Assert.IsAssignableFrom<IOException>(index.LastBackgroundError);
        Assert.Equal(["IndexNotFlushed"], logger.Names);
        Assert.Equal(200, Scan(index, "").Count());
        Directory.CreateDirectory(_folder.Path);
    }

    /// <summary>A commit that is acknowledged while nothing but the journal can be written must be in a journal that the next start reads.</summary>
    [Fact]
    public async Task What_is_committed_while_the_manifest_cannot_be_written_survives_a_crash()
    {
        // One write has room each time: the commit itself.
        var disk = new FullDisk { Room = 100 };
        await using var index = OrderedIndex.Open(new IndexOptions
        {
            Folder = _folder["index"],
            FlushBytes = 1000,
            Disk = disk,
        });
        for (var i = 0; i < 100; i++)
        {
            var batch = new IndexBatch();
            batch.Put(Bytes($"k{i:D3}"), Bytes("value"));
            disk.Room = 1;
            await index.CommitAsync(batch);
        }

        Assert.IsAssignableFrom<IOException>(index.LastBackgroundError);
        Directory.CreateDirectory(_folder["crashed"]);
        foreach (var file in Directory.GetFiles(_folder["index"]).Where(file => Path.GetFileName(file) != "LOCK"))
        {
            await using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var copy = File.Create(Path.Combine(_folder["crashed"], Path.GetFileName(file)));
            await source.CopyToAsync(copy);
        }

        await using (var crashed = OrderedIndex.Open(new IndexOptions { Folder = _folder["crashed"], Disk = new StoreDisk(isDurable: false) }))
        {
            Assert.Equal(100, Scan(crashed, "").Count());
        }

        // Once there is room, it is flushed as ever.
        disk.IsOut = false;
        await PutAsync(index, 0, 100, "more");
        await Patience.UntilAsync(() => index.LastBackgroundError is null, "The index is not flushed.");
        Assert.Equal(200, Scan(index, "").Count());
    }

    /// <summary>What becomes of a flush is not told to who commits, whatever it fails by.</summary>
    [Theory]
    [InlineData(DiskFault.Error)]
    [InlineData(DiskFault.Denied)]
    public async Task What_is_committed_is_so_while_no_other_file_can_be_made(DiskFault fault)
    {
        var trouble = new DiskTrouble();
        var options = new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = new TroubledDisk(trouble) };
        await using (var index = OrderedIndex.Open(options))
        {
            for (var i = 0; i < 100; i++)
            {
                trouble.Begin(fault, 1, int.MaxValue, DiskSteps.Write | DiskSteps.Remove);
                await PutAsync(index, i, i + 1, "value");
            }

            Assert.NotNull(index.LastBackgroundError);
            trouble.End();
        }

        await using var again = OrderedIndex.Open(options);
        Assert.Equal(100, Scan(again, "").Count);
    }

    /// <summary>What fails need not be an error of the disk's own: it is taken back all the same.</summary>
    [Theory]
    [InlineData(DiskFault.Error)]
    [InlineData(DiskFault.Denied)]
    public async Task A_record_that_is_refused_is_not_in_the_log(DiskFault fault)
    {
        var trouble = new DiskTrouble();
        var disk = new TroubledDisk(trouble);
        var path = _folder["log"];
        await using (var log = GroupCommitLog.Open(path, disk, _ => { }))
        {
            await log.AppendAsync(Bytes("kept"));
            trouble.Begin(fault, 0, 1, DiskSteps.Sync);
            await Assert.ThrowsAsync<IOException>(async () => await log.AppendAsync(Bytes("refused")));
            Assert.False(log.IsInDoubt);
        }

        var found = new List<string>();
        await using var again = GroupCommitLog.Open(path, disk, record => found.Add(Text(record.Span)));
        Assert.Equal(["kept"], found);
    }

    /// <summary>Each attempt is a file with a number of its own: left where they are, they would take what room there is.</summary>
    [Fact]
    public async Task A_flush_that_finds_the_disk_full_leaves_nothing_behind()
    {
        var disk = new NoRoomForRuns();
        var options = new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = disk };
        await using (var index = OrderedIndex.Open(options))
        {
            for (var i = 0; disk.Refusals < 3; i++)
            {
                await PutAsync(index, i, i + 1, "value");
            }

            Assert.IsAssignableFrom<IOException>(index.LastBackgroundError);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path, "*.run"));
        disk.HasRoom = true;
        await using var again = OrderedIndex.Open(options);
        Assert.Equal(Bytes("value"), again.TryGet(Bytes($"{0:D7}"), out var value) ? value : null);
    }

    /// <summary>Several journals are replayed, and stay as they are until there is room; later commits count more than theirs, whatever is flushed when.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task An_index_that_opens_without_room_goes_on_with_what_it_has(int count)
    {
        var noRuns = new NoRoomForRuns();
        await using (var index = OrderedIndex.Open(new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = noRuns }))
        {
            for (var i = 0; noRuns.Refusals < 3; i++)
            {
                await PutAsync(index, i % 10, (i % 10) + 1, "old");
            }
        }

        Assert.Equal(2, Directory.GetFiles(_folder.Path, "*.journal").Length);
        for (var (step, hasHappened) = (0, true); hasHappened; step++)
        {
            using var copy = new TemporaryFolder();
            foreach (var file in Directory.GetFiles(_folder.Path).Where(file => !file.EndsWith("LOCK", StringComparison.Ordinal)))
            {
                File.Copy(file, copy[Path.GetFileName(file)]);
            }

            var trouble = new DiskTrouble();
            var options = new IndexOptions { Folder = copy.Path, FlushBytes = 1000, Disk = new TroubledDisk(trouble) };
            trouble.Begin(DiskFault.Full, step, count, DiskSteps.Write | DiskSteps.Sync | DiskSteps.Remove);
            await using (var index = OrderedIndex.Open(options))
            {
                hasHappened = trouble.Happened;
                Assert.Equal(10, Scan(index, "").Count(row => row.EndsWith("=old", StringComparison.Ordinal)));
                if (hasHappened && count > 1)
                {
                    await Assert.ThrowsAnyAsync<IOException>(async () => await PutAsync(index, 0, 1, "refused"));
                }

                trouble.End();
                for (var i = 0; i < 100; i++)
                {
                    await PutAsync(index, 0, 5, "new" + i);
                }

                Assert.Null(index.LastBackgroundError);
            }

            await using var again = OrderedIndex.Open(options);
            Assert.Equal(
                Enumerable.Range(0, 10).Select(i => $"{i:D7}=" + (i < 5 ? "new99" : "old")),
                Scan(again, ""));
        }
    }

    private OrderedIndex Open(long flushBytes) => OrderedIndex.Open(new IndexOptions { Folder = _folder.Path, FlushBytes = flushBytes, Disk = new StoreDisk(isDurable: false) });

    private static async ValueTask PutAsync(OrderedIndex index, int from, int to, string value)
    {
        for (var i = from; i < to; i++)
        {
            var batch = new IndexBatch();
            batch.Put(Bytes($"{i:D7}"), Bytes(value));
            await index.CommitAsync(batch);
        }
    }

    private static List<string> Scan(OrderedIndex index, string from)
    {
        using var snapshot = index.Snapshot();
        using var cursor = snapshot.OpenCursor();
        var rows = new List<string>();
        for (var more = cursor.Seek(Bytes(from)); more; more = cursor.Next())
        {
            rows.Add($"{Text(cursor.Key)}={Text(cursor.Value)}");
        }

        return rows;
    }

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>A disk on which the first block of a run has room, and no more of it.</summary>
    private sealed class NoRoomForRuns() : StoreDisk(isDurable: false)
    {
        private readonly ConcurrentDictionary<SafeFileHandle, bool> _runs = new();
        private int _refusals;

        public int Refusals => Volatile.Read(ref _refusals);

        public bool HasRoom { get; set; }

        public override SafeFileHandle Create(string path)
        {
            var file = base.Create(path);
            _runs[file] = path.EndsWith(".run", StringComparison.Ordinal);
            return file;
        }

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            if (!HasRoom && offset > 0 && _runs.GetValueOrDefault(file))
            {
                Interlocked.Increment(ref _refusals);
                throw new IOException("No space left on device", 28);
            }

            base.Write(file, bytes, offset);
        }
    }
}
