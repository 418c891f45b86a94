using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Files;

/// <summary>Space that is reserved for deletes on a full disk (table F).</summary>
[Trait("Rule", "F-full")]
public sealed class DiskReserveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallDisk _disk = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Writes use up the last free space until the disk is full. A delete that is refused while space is being reserved is retried, because
    /// there may be space for it after all.
    /// </summary>
    [Fact]
    public async Task A_delete_that_fails_while_the_reserve_is_restored_is_repeated()
    {
        await File.WriteAllBytesAsync(_folder["others"], new byte[300_000]);
        _disk.Fill(_folder.Path);
        File.Delete(_folder["others"]);
        var reserve = new DiskReserve(new StoreFolders(_folder.Path), _disk);
        var tries = 0;
        await reserve.UseAsync(() =>
        {
            if (tries++ == 0)
            {
                reserve.TryKeep();
                throw new S3Exception(S3Errors.InsufficientStorage);
            }

            return Task.CompletedTask;
        });
        Assert.Equal((2, false), (tries, File.Exists(new StoreFolders(_folder.Path).Reserve)));
    }

    /// <summary>
    /// A disk may report free space and still refuse every write (a quota). Then each upload attempt tries to reserve space.
    /// </summary>
    [Fact]
    public async Task A_delete_finishes_even_if_the_reserve_can_never_be_restored()
    {
        await File.WriteAllBytesAsync(_folder["others"], new byte[300_000]);
        _disk.Fill(_folder.Path);
        File.Delete(_folder["others"]);
        var reserve = new DiskReserve(new StoreFolders(_folder.Path), _disk);
        var tries = 0;
        var deleting = reserve.UseAsync(() =>
        {
            reserve.TryKeep();
            throw new S3Exception(++tries == 1000 ? S3Errors.InternalError : S3Errors.InsufficientStorage);
        });
        Assert.Equal(S3Errors.InsufficientStorage, (await Assert.ThrowsAsync<S3Exception>(() => deleting)).Error);
    }

    [Fact]
    public async Task Without_any_room_it_is_refused()
    {
        _disk.Fill(_folder.Path);
        var reserve = new DiskReserve(new StoreFolders(_folder.Path), _disk);
        var refused =
            await Assert.ThrowsAsync<S3Exception>(() => reserve.UseAsync(static () => throw new S3Exception(S3Errors.InsufficientStorage)));
        Assert.Equal(S3Errors.InsufficientStorage, refused.Error);
        refused = await Assert.ThrowsAsync<S3Exception>(() => reserve.RequireAsync().AsTask());
        Assert.Equal(S3Errors.InsufficientStorage, refused.Error);
    }

    /// <summary>Without this, many deletes or repeated uploads on a full disk would each write a megabyte.</summary>
    [Fact]
    public async Task Where_the_disk_says_that_there_is_no_room_nothing_is_written()
    {
        await File.WriteAllBytesAsync(_folder["others"], new byte[300_000]);
        _disk.Fill(_folder.Path);
        _disk.TellsRoom = true;
        File.Delete(_folder["others"]);
        var reserve = new DiskReserve(new StoreFolders(_folder.Path), _disk);
        reserve.TryKeep();
        var refused = await Assert.ThrowsAsync<S3Exception>(() => reserve.RequireAsync().AsTask());
        Assert.Equal((S3Errors.InsufficientStorage, 0L), (refused.Error, _disk.Written));
        _disk.Grow();
        await reserve.RequireAsync();
        Assert.Equal(8 << 20, _disk.Written);
    }

    [Fact]
    public void The_room_on_a_disk_is_known()
    {
        var room = new StoreDisk(isDurable: false).RoomOf(_folder.Path);
        Assert.InRange(room ?? 0, 1, long.MaxValue);
    }

    /// <summary>The file system reports no free space at all. That is not believed, because a write is the only real test.</summary>
    [Fact]
    public void The_free_space_of_a_file_system_that_reports_none_is_unknown()
    {
        if (OperatingSystem.IsLinux())
        {
            Assert.Null(new StoreDisk(isDurable: false).RoomOf("/proc"));
        }
    }
}
