using System.Collections.Concurrent;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The database's disk fails while the other disk works. Changes stay visible and are written to the database once its disk recovers. Until
/// then they stay in memory, which is bounded (table F).
/// </summary>
[Trait("Rule", "F-full")]
public sealed class DatabaseBehindTests : IAsyncDisposable
{
    private const int Bound = 100_000;
    private const int Count = 400;

    private readonly DatabaseDisk _disk = new();
    private readonly List<string> _uploads = [];
    private EmbeddedBench _bench = null!;

    [Theory]
    [InlineData("abort")]
    [InlineData("make bucket")]
    [InlineData("delete bucket")]
    [InlineData("show bucket")]
    public async Task What_only_gets_the_database_further_behind_is_refused(string change)
    {
        await StartAsync(change);
        _disk.IsBroken = true;
        var (done, refused) = (0, default(S3Exception));
        while (refused is null && done < Count)
        {
            refused = await TryAsync(change, done);
            done += refused is null ? 1 : 0;
        }

        Assert.Equal(S3Errors.InternalError, refused?.Error);
        Assert.InRange(done, 1, Count - 1);
        Assert.InRange(_bench.Store.Rows.WaitingBytes, 1, 2 * Bound);
        _disk.IsBroken = false;
        Assert.Null(await TryAsync(change, done));
        Assert.Equal(0, _bench.Store.Rows.WaitingBytes);
    }

    /// <summary>The space reserved for deletes would cover only a small part of what this needs.</summary>
    [Fact]
    public async Task Room_for_deletes_is_not_given_up_for_it()
    {
        await StartAsync("");
        for (var i = 0; i < Count; i++)
        {
            await _bench.PutAsync($"key{i}", []);
        }

        (_disk.IsBroken, _disk.IsOut) = (true, true);
        S3Exception? refused = null;
        for (var i = 0; i < Count && refused is null; i++)
        {
            refused = await Record.ExceptionAsync(() => _bench.DeleteAsync($"key{i}")) as S3Exception;
        }

        Assert.Equal(S3Errors.InsufficientStorage, refused?.Error);
        Assert.True(File.Exists(new StoreFolders(_bench.Folder).Reserve));
        Assert.Equal("InsufficientStorage", await _bench.FailAsync(S3Operation.PutObject, "new", EmbeddedBench.TextBody("new")));
        Assert.Equal(1, _disk.Kept);
    }

    [Fact]
    public async Task Tombstones_that_went_with_their_bucket_do_not_come_back()
    {
        await StartAsync("");
        for (var i = 0; i < 2000; i++)
        {
            await _bench.Layer.MarkDeletedAsync("other", $"key{i}", default);
        }

        _disk.IsBroken = true;
        await _bench.Layer.DeleteBucketAsync("other", default);
        Assert.InRange(_bench.Store.Rows.WaitingBytes, 1, 20 * Bound);
        await _bench.ReopenAsync(() => _disk.IsBroken = false);
        await _bench.Layer.EnsureBucketAsync("other", default);
        Assert.False(await _bench.Store.Tombstones.HasAsync("other", "key1999"));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task StartAsync(string change)
    {
        _bench = await EmbeddedBench.OpenAsync(_disk, Bound);
        await _bench.Layer.EnsureBucketAsync("other", default);
        for (var i = 0; i < Count; i++)
        {
            if (change == "abort")
            {
                _uploads.Add(await MultipartTests.StartAsync(_bench));
            }
            else if (change is "delete bucket" or "show bucket")
            {
                await _bench.Layer.EnsureBucketAsync($"bucket{i}", default);
            }

            if (change == "show bucket")
            {
                await _bench.Layer.DeleteBucketAsync($"bucket{i}", default);
            }
        }
    }

    private async Task<S3Exception?> TryAsync(string change, int number)
    {
        var name = $"bucket{number}";
        try
        {
            await (change switch
            {
                "abort" => _bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, MultipartTests.Id(_uploads[number])),
                "make bucket" => _bench.Layer.EnsureBucketAsync(name, default).AsTask(),
                "delete bucket" => _bench.Store.DeleteBucketAsync(name, isOpaque: false, default),
                _ => new EmbeddedTombstones(_bench.Store).UndeleteBucketAsync(name, default).AsTask(),
            });
            return null;
        }
        catch (S3Exception refused)
        {
            return refused;
        }
    }

    /// <summary>A disk on which everything can be written except the database.</summary>
    private sealed class DatabaseDisk() : StoreDisk(isDurable: false)
    {
        private readonly ConcurrentDictionary<SafeFileHandle, bool> _ofDatabase = new();

        public bool IsBroken { get; set; }

        public bool IsOut { get; set; }

        /// <summary>How often space was reserved for deletes.</summary>
        public int Kept { get; private set; }

        public override SafeFileHandle Create(string path)
        {
            Kept += Path.GetFileName(path) == "RESERVE" ? 1 : 0;
            return Noted(path, base.Create(path));
        }

        public override SafeFileHandle Open(string path) => Noted(path, base.Open(path));

        public override SafeFileHandle OpenUnsynced(string path) => Noted(path, base.OpenUnsynced(path));

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            Check(file);
            base.Write(file, bytes, offset);
        }

        public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
        {
            Check(file);
            base.Write(file, pieces, offset);
        }

        private SafeFileHandle Noted(string path, SafeFileHandle file)
        {
            _ofDatabase[file] = Path.GetFileName(path).StartsWith("store.db", StringComparison.Ordinal);
            return file;
        }

        private void Check(SafeFileHandle file)
        {
            if (IsBroken && _ofDatabase.GetValueOrDefault(file))
            {
                throw IsOut
                    ? new IOException("No space left on device", OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28)
                    : new IOException("Input/output error", OperatingSystem.IsWindows() ? unchecked((int)0x8007045D) : 5);
            }
        }
    }
}
