using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Cache.Blocks;

namespace S3Overlay.Tests.Embedded.Files;

public sealed class OpenFilesTests
{
    private readonly OpenFiles<string, FakeFile> _files = new(limit: 2);
    private int _opened;

    [Fact]
    public async Task Concurrent_users_of_a_file_share_it()
    {
        using var first = await OpenAsync("a");
        using var second = await OpenAsync("a");

        Assert.Same(first.File, second.File);
        Assert.Same(first.File, _files.TryAcquire("a")!.Value.File);
        Assert.Null(_files.TryAcquire("b"));
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task Of_the_unused_the_least_recently_used_is_closed()
    {
        var files = new List<FakeFile>();
        foreach (var name in new[] { "a", "b", "a", "c" })
        {
            using var lease = await OpenAsync(name);
            files.Add(lease.File);
        }

        Assert.Equal([false, true, false, false], files.Select(file => file.IsClosed));
        Assert.Equal(3, _opened);
    }

    [Fact]
    public async Task A_file_that_could_not_be_opened_is_opened_again()
    {
        await Assert.ThrowsAsync<FileNotFoundException>(
            () => _files.AcquireAsync("a", _ => null, _ => throw new FileNotFoundException()).AsTask());

        using var lease = await OpenAsync("a");
        Assert.False(lease.File.IsClosed);
    }

    [Fact]
    public async Task One_that_is_forgotten_or_replaced_is_closed_with_its_last_user()
    {
        var old = await OpenAsync("a");
        var replacing = _files.Put("a", new FakeFile());
        Assert.NotSame(old.File, _files.TryAcquire("a")!.Value.File);
        _files.Forget("a");

        Assert.Null(_files.TryAcquire("a"));
        Assert.False(old.File.IsClosed);
        old.Dispose();
        Assert.True(old.File.IsClosed);
        Assert.False(replacing.File.IsClosed);
    }

    [Fact]
    public async Task A_waiter_waits_for_all_users_of_a_file_even_late_ones()
    {
        var isDone = false;
        var first = await OpenAsync("a");
        _files.CloseThen("a", () => isDone = true);
        var late = await OpenAsync("a");
        first.Dispose();

        Assert.Same(first.File, late.File);
        Assert.False(isDone);
        late.Dispose();
        Assert.True(isDone);
        Assert.True(late.File.IsClosed);
    }

    [Fact]
    public void A_waiter_for_an_unused_file_continues_at_once()
    {
        var isDone = false;
        _files.Put("a", new FakeFile()).Dispose();
        _files.CloseThen("a", () => isDone = true);

        Assert.True(isDone);
        Assert.Null(_files.TryAcquire("a"));
    }

    [Fact]
    public async Task Closing_all_leaves_those_in_use_to_their_users()
    {
        var used = await OpenAsync("a");
        var idle = await OpenAsync("b");
        idle.Dispose();
        _files.Dispose();

        Assert.True(idle.File.IsClosed);
        Assert.False(used.File.IsClosed);
        used.Dispose();
        Assert.True(used.File.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => OpenAsync("c").AsTask());
    }

    [Fact]
    public async Task A_file_that_needs_no_wait_is_opened_by_the_caller()
    {
        var caller = Environment.CurrentManagedThreadId;
        var opener = 0;
        var opening = _files.AcquireAsync("a", Open, _ => throw new InvalidOperationException("The pool was not needed."));
        Assert.True(opening.IsCompletedSuccessfully);
        Assert.Equal(caller, opener);
        (await opening).Dispose();

        FakeFile Open(string name)
        {
            opener = Environment.CurrentManagedThreadId;
            return new FakeFile();
        }
    }

    [Fact]
    public void An_existing_file_opens_without_a_wait_where_the_system_can_do_that()
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, [1, 2, 3]);
        using (var file = DiskReader.TryOpenCached(path))
        {
            Assert.True(file is not null || !OperatingSystem.IsLinux() || !DiskReader.CanOpenCached, "The file was not opened.");
            Assert.Equal(file is null ? 0 : 3, file is null ? 0 : RandomAccess.GetLength(file));
        }

        File.Delete(path);
        Assert.Null(DiskReader.TryOpenCached(path));
    }

    private ValueTask<OpenFiles<string, FakeFile>.Lease> OpenAsync(string name) => _files.AcquireAsync(name, _ => null, _ =>
    {
        Interlocked.Increment(ref _opened);
        return new FakeFile();
    });

    private sealed class FakeFile : IDisposable
    {
        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }
}
