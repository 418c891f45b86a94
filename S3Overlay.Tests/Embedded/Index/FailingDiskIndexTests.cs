using System.Collections.Concurrent;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Index;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using static S3Overlay.Tests.Support.IndexRows;

namespace S3Overlay.Tests.Embedded.Index;

/// <summary>
/// The index and its log on a disk that fails or is full: what was committed stays, and what was refused does not come back.
/// </summary>
public sealed class FailingDiskIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_index_that_cannot_be_flushed_says_so_once_and_continues()
    {
        var logger = new EventLogger();
        await using var index = OrderedIndex
            .Open(new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = new StoreDisk(isDurable: false), Logger = logger });
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

    /// <summary>
    /// A commit that is acknowledged while nothing but the journal can be written must be in a journal that the next start reads.
    /// </summary>
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
        CrashedFolder.Copy(_folder["index"], _folder["crashed"]);
        await using (
            var crashed = OrderedIndex.Open(new IndexOptions { Folder = _folder["crashed"], Disk = new StoreDisk(isDurable: false) }))
        {
            Assert.Equal(100, Scan(crashed, "").Count());
        }

        // Once there is room, it is flushed as ever.
        disk.IsOut = false;
        await PutAsync(index, 0, 100, "more");
        await Patience.UntilAsync(() => index.LastBackgroundError is null, "The index is not flushed.");
        Assert.Equal(200, Scan(index, "").Count());
    }

    /// <summary>A failed flush does not fail the commit, for any error.</summary>
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

    /// <summary>An error that does not come from the disk is rolled back too.</summary>
    [Theory]
    [InlineData(DiskFault.Error)]
    [InlineData(DiskFault.Denied)]
    public async Task A_record_that_is_refused_is_not_in_the_log(DiskFault fault)
    {
        var trouble = new DiskTrouble();
        var disk = new TroubledDisk(trouble);
        var path = _folder["log"];
        await using (var log = GroupCommitLog.Open(path, disk, 0))
        {
            await log.AppendAsync(Bytes("kept"));
            trouble.Begin(fault, 0, 1, DiskSteps.Sync);
            await Assert.ThrowsAsync<IOException>(async () => await log.AppendAsync(Bytes("refused")));
            Assert.False(log.IsInDoubt);
        }

        Assert.Equal(["kept"], Records(path));
    }

    /// <summary>Each attempt writes a new file. Left in place, these files would use up the free space.</summary>
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

    /// <summary>
    /// Several journals are replayed, and stay until there is space. Later commits win over theirs, in any order of flushes.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    [QuickRows(1)]
    public async Task An_index_that_opens_without_room_continues_with_what_it_has(int count)
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
            CrashedFolder.Copy(_folder.Path, copy.Path);
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

    /// <summary>
    /// A manifest that could not be brought to the disk may name a journal that was given up: that one is empty, and takes no room.
    /// </summary>
    [Fact]
    public async Task A_journal_that_was_given_up_needs_not_be_made_again()
    {
        var trouble = new DiskTrouble();
        var options = new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = new TroubledDisk(trouble) };
        await using (var index = OrderedIndex.Open(options))
        {
            for (var i = 0; index.LastBackgroundError is null; i++)
            {
                // The commit, the manifest, and its folder.
                trouble.Begin(DiskFault.Error, 2, int.MaxValue, DiskSteps.Sync);
                await PutAsync(index, i, i + 1, "value");
            }

            trouble.Begin(DiskFault.Error, 0, int.MaxValue, DiskSteps.All);
        }

        trouble.Begin(DiskFault.Full, 0, int.MaxValue, DiskSteps.Write | DiskSteps.Resize);
        await using var again = OrderedIndex.Open(options);
        Assert.Contains("0000000=value", Scan(again, ""));
    }

    /// <summary>A flush or a merge ends with a manifest that cannot be written: what the next one does not name goes with that.</summary>
    [Fact]
    public async Task Whichever_manifest_cannot_be_written_no_file_is_left_behind()
    {
        for (var (failing, hasFailed) = (1, true); hasFailed; failing += Sweep.Step(12))
        {
            using var folder = new TemporaryFolder();
            var disk = new NoManifest { Failing = failing };
            await using var index = OrderedIndex.Open(new IndexOptions { Folder = folder.Path, FlushBytes = 1000, Disk = disk });
            for (var i = 0; i < 400; i++)
            {
                await PutAsync(index, i, i + 1, "value");
            }

            hasFailed = disk.HasFailed;

            // A flush that failed last is tried again with the next one: there must be something to write for that.
            var rows = 400;
            for (; Directory.GetFiles(folder.Path, "*.journal").Length > 2 || Directory.GetFiles(folder.Path, "*.run").Length > 8
                || index.LastBackgroundError is not null; rows++)
            {
                Assert.True(rows < 20_000, $"Without manifest {failing} there are {Directory.GetFiles(folder.Path).Length} files.");
                await PutAsync(index, rows, rows + 1, "value");
            }

            Assert.Equal(rows, Scan(index, "").Count);
        }
    }

    /// <summary>Changes stay visible although the journal fails. They are kept in memory, so their number is bounded.</summary>
    [Fact]
    public async Task What_the_journal_does_not_have_is_bounded()
    {
        var trouble = new DiskTrouble();
        await using var index =
            OrderedIndex.Open(new IndexOptions { Folder = _folder.Path, FlushBytes = 1000, Disk = new TroubledDisk(trouble) });
        trouble.Begin(DiskFault.Error, 0, int.MaxValue);
        var count = 0;
        await Assert.ThrowsAsync<IndexBehindException>(async () =>
        {
            for (; count < 1000; count++)
            {
                await index.CatchUpAsync();
                var batch = new IndexBatch();
                batch.Put(Bytes($"{count:D7}"), Bytes("value"));
                Assert.False(await index.FollowAsync(batch));
            }
        });
        Assert.InRange(count, 2, 100);
        Assert.Equal(count, Scan(index, "").Count);
        trouble.End();
        await index.CatchUpAsync();
        Assert.False(index.IsBehind);
    }

    /// <summary>A disk on which one manifest of an index cannot be written.</summary>
    private sealed class NoManifest() : StoreDisk(isDurable: false)
    {
        private int _seen;

        public int Failing { get; init; }

        public bool HasFailed => Volatile.Read(ref _seen) >= Failing;

        public override SafeFileHandle Create(string path) =>
            path.EndsWith("MANIFEST.new", StringComparison.Ordinal) && Interlocked.Increment(ref _seen) == Failing
                ? throw new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28)
                : base.Create(path);
    }

    /// <summary>A disk with space for the first block of a run only.</summary>
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
