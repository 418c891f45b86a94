using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>A database that is closed, replaced or copied while others are still using it.</summary>
[Trait("Rule", "F-damaged")]
public sealed class DatabaseClosingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_closed_only_after_a_running_write()
    {
        var database = Open(new StoreDisk(isDurable: false));
        Task? closing = null;
        var wrote = Task.Run(() => database.Write(writer =>
        {
            closing = Task.Run(async () => await database.DisposeAsync());
            Assert.True(SpinWait.SpinUntil(() => IsClosed(database), Patience.Limit));
            Assert.False(closing.IsCompleted);
            Put(writer, 1);
        }));
        await wrote;
        await closing!.WaitAsync(Patience.Limit);
        Assert.Throws<ObjectDisposedException>(() => database.Write(static writer => Put(writer, 2)));
        await using var again = Open(new StoreDisk(isDurable: false));
        Assert.Equal(1, Count(again));
    }

    /// <summary>The last connection of a database deletes its WAL. That path belongs to the next database by then.</summary>
    [Fact]
    public async Task A_late_reader_leaves_the_next_database_alone()
    {
        var first = Open(new StoreDisk(isDurable: false));
        first.Write(static writer => Put(writer, 1));
        Assert.True(first.TryCheckpoint());
        using var began = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        var read = Task.Run(() => first.Read(0, (connection, _) =>
        {
            began.Set();
            goesOn.Wait(Patience.Limit);
            return connection.Read("SELECT 1");
        }));
        Assert.True(began.Wait(Patience.Limit));
        await first.DisposeAsync();
        await using var second = Open(new StoreDisk(isDurable: false));
        second.Write(static writer => Put(writer, 2));
        goesOn.Set();
        await read.WaitAsync(Patience.Limit);
        Assert.True(File.Exists(_folder["test.db-wal"]));
        second.Write(static writer => Put(writer, 3));
        Assert.Equal(3, Count(second));
    }

    /// <summary>After a power cut, a mark of more than was synced would count as damage.</summary>
    [Fact]
    public void A_checkpoint_does_not_vouch_for_what_is_committed_during_its_sync()
    {
        var disk = new SyncedDisk();
        var path = _folder["wal"];
        using var mark = new CheckpointMark(_folder["mark"], disk);
        using var wal = new WalFile(path, disk, mayWait: true, mark);
        wal.Write(new byte[32], 0);
        Commit(0);
        disk.Synced = () => Commit(1);
        wal.Sync();
        Assert.Equal(1, mark.FramesOf(path));
        disk.Synced = static () => { };
        wal.Sync();
        Assert.Equal(2, mark.FramesOf(path));

        void Commit(int frame)
        {
            var at = 32 + (frame * (24L + Pages.Size));
            wal.Write([0, 0, 0, 1, 0, 0, 0, 1, .. new byte[16]], at);
            wal.Write(new byte[Pages.Size], at + 24);
        }
    }

    /// <summary>SQLite writes the headers of a transaction's frames again if it has written one of its pages twice.</summary>
    [Fact]
    public void A_frame_that_is_written_again_is_on_disk_at_once()
    {
        var (path, disk) = (_folder["wal"], new StoreDisk(isDurable: false));
        using var mark = new CheckpointMark(_folder["mark"], disk);
        using var wal = new WalFile(path, disk, mayWait: true, mark);
        wal.Write(new byte[32], 0);
        wal.Write([0, 0, 0, 1, 0, 0, 0, 1, .. new byte[16]], 32);
        Assert.Equal(32, new FileInfo(path).Length);
        Assert.Equal(56, wal.Length);
        wal.Write(new byte[Pages.Size], 56);
        Assert.Equal(56 + Pages.Size, new FileInfo(path).Length);
        wal.Write([0, 0, 0, 1, 0, 0, 0, 1, .. Enumerable.Repeat((byte)7, 16)], 32);
        using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = 55;
        Assert.Equal(7, file.ReadByte());
    }

    [Fact]
    public async Task A_read_that_outlives_the_store_is_no_damage()
    {
        await using var bench = await EmbeddedBench.OpenAsync();
        await bench.PutAsync("key", [1]);
        await bench.ReopenAsync();
        using var began = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        var rows = bench.Store.Rows;
        var read = Task.Run(() => rows.Read<int, int>(0, (_, _) =>
        {
            began.Set();
            goesOn.Wait(Patience.Limit);
            throw new IOException("The file is closed.");
        }));
        Assert.True(began.Wait(Patience.Limit));
        await bench.CloseAsync();
        goesOn.Set();
        Assert.Equal(S3Errors.ServiceUnavailable, (await Assert.ThrowsAsync<S3Exception>(() => read)).Error);
        await rows.Rebuilding;
        Assert.DoesNotContain("DatabaseDamaged", bench.Log.Names);
        await bench.StartAsync();
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    private SqliteDatabase Open(StoreDisk disk) => SqliteDatabase.Open(new DatabaseOptions
    {
        Path = _folder["test.db"],
        Disk = disk,
        Schema = ["CREATE TABLE numbers (number INTEGER PRIMARY KEY);"],
    });

    private static bool IsClosed(SqliteDatabase database)
    {
        try
        {
            database.Read(0, static (_, _) => 0);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private static void Put(Connection writer, long number) => writer.Prepare("INSERT INTO numbers VALUES (?1)").Bind(1, number).Run();

    private static long Count(SqliteDatabase database) =>
        database.Read(0, static (connection, _) => connection.Read("SELECT count(*) FROM numbers"));

    private sealed class SyncedDisk() : StoreDisk(isDurable: true)
    {
        public Action Synced { get; set; } = static () => { };

        public override void Sync(SafeFileHandle file)
        {
            base.Sync(file);
            var synced = Synced;
            Synced = static () => { };
            synced();
        }
    }
}
