using System.Runtime.Versioning;
using System.Security.Cryptography;

using S3Overlay.Proxy.Hosting.Run.SharedCache;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>Locks and private files of the cache folder.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_lock_of_users_is_told_from_that_of_a_proxy_that_ends()
    {
        var path = _folder["users"];
        Assert.False(FileLock.IsShared(path));
        using (FileLock.TryTake(path))
        {
            Assert.True(FileLock.IsTaken(path));
            Assert.False(FileLock.IsShared(path));
        }

        using var user = FileLock.TryTake(path, isShared: true);
        Assert.True(FileLock.IsShared(path));
    }

    [Fact]
    public async Task A_file_created_by_many_at_once_is_the_same_for_all_and_private()
    {
        var path = _folder["salt"];
        var read = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => Task.Run(() => FileLock.ReadOrCreatePrivate(path, RandomNumberGenerator.GetBytes(32)))));

        Assert.All(read, bytes => Assert.Equal(read[0], bytes));
        Assert.Equal(32, read[0].Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }
}
