using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class DamageTests
{
    [Theory]
    [InlineData(500)]
    [InlineData(300_000)]
    [Trait("Rule", "F-damaged")]
    public async Task A_damaged_block_is_an_error_before_any_byte_of_it_is_sent(int size)
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", Bytes(size));
        Damage(bench, fromEnd: size - 10);
        Assert.Equal("InternalError", await bench.FailAsync(S3Operation.GetObject, "key"));
        await bench.SendAsync(S3Operation.HeadObject, "key");
        await bench.PutAsync("key", [1]);
        Assert.Equal([1], await bench.GetAsync("key"));
    }

    [Fact]
    [Trait("Rule", "F-damaged")]
    public async Task Damage_found_later_cuts_the_connection()
    {
        await using var bench = await OpenAsync();
        var bytes = Bytes(600_000);
        await bench.PutAsync("key", bytes);
        Damage(bench, fromEnd: 10);
        var response = await bench.SendAsync(S3Operation.GetObject, "key");
        Assert.True(response.IsCut);
        Assert.True(response.Content.Length < bytes.Length);
        Assert.Equal(bytes.AsSpan(0, response.Content.Length), response.Content.Span);
        Assert.Equal(bytes[..1000], await bench.GetAsync("key", "", ("Range", "bytes=0-999")));
    }

    [Fact]
    [Trait("Rule", "F-damaged")]
    public async Task A_missing_file_is_an_error_not_an_absent_key()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", Bytes(500));
        File.Delete(bench.Files("objects").Single());
        Assert.Equal("InternalError", await bench.FailAsync(S3Operation.GetObject, "key"));
        await bench.DeleteAsync("key");
        Assert.Equal("NoSuchKey", await bench.FailAsync(S3Operation.GetObject, "key"));
    }

    [Fact]
    public async Task A_damaged_source_is_not_copied()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", Bytes(500));
        Damage(bench, fromEnd: 3);
        Assert.Equal("InternalError", await bench.FailAsync(S3Operation.CopyObject, "copy", null, "", ("x-amz-copy-source", "bucket/key")));
        Assert.Equal(["key"], await bench.ListAsync());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(900_000)]
    [Trait("Rule", "F-full")]
    public async Task A_full_disk_is_reported_and_leaves_nothing_half_written(int size)
    {
        var disk = new FullDisk();
        await using var bench = await OpenAsync(disk);
        await bench.PutAsync("key", [1]);
        disk.IsOut = true;
        Assert.Equal("InsufficientStorage", await bench.FailAsync(S3Operation.PutObject, "key", new BytesBody(Bytes(size))));
        disk.IsOut = false;
        Assert.Empty(bench.Files("incoming"));
        Assert.Equal([1], await bench.GetAsync("key"));
        await bench.PutAsync("key", [2]);
        Assert.Equal([2], await bench.GetAsync("key"));
    }

    [Fact]
    public async Task A_folder_has_one_owner()
    {
        await using var bench = await OpenAsync();
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => EmbeddedStore.OpenAsync(bench.Options()));
        Assert.Contains(bench.Folder, refused.Message, StringComparison.Ordinal);
        Assert.Contains("S3_OVERLAY_DATA_DIR", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_another_version_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["FORMAT"], "s3overlay-store 99\n");
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path }));
        Assert.Contains("has version 99 of the store, and this program knows version 2", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Flips a bit of the only file, at an offset from its end.</summary>
    private static void Damage(EmbeddedBench bench, int fromEnd)
    {
        using var file = File.Open(bench.Files("objects").Single(), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-fromEnd, SeekOrigin.End);
        var value = file.ReadByte();
        file.Seek(-1, SeekOrigin.Current);
        file.WriteByte((byte)(value ^ 0x10));
    }
}
