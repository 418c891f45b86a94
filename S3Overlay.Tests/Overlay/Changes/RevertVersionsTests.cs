using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>Undoing changes in a store that keeps versions (rules P3, V4).</summary>
[Trait("Rule", "P3")]
public sealed class RevertVersionsTests : IAsyncLifetime
{
    private VersionedStore _store = null!;
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _store = await VersionedStore.StartAsync();
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("bucket", "k", "remote"u8.ToArray());
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_single_version_is_removed_without_a_marker()
    {
        await WriteAsync("mine");
        Assert.Equal("reverted=1", await RevertAsync());
        Assert.Empty(_store.VersionsOf("bucket", "k"));
        Assert.Equal("remote", await SeenAsync());
    }

    [Fact]
    public async Task Several_versions_stay_unless_all_are_to_go()
    {
        await WriteAsync("one");
        await WriteAsync("two");
        Assert.Equal("withVersions=1", await RevertAsync());
        Assert.Equal("two", await SeenAsync());
        var seen = new List<string>();
        var isReading = 0;
        _store.Before = async call =>
        {
            if (call.Method == "DELETE" && Interlocked.Exchange(ref isReading, 1) == 0)
            {
                seen.Add(await SeenAsync());
                Volatile.Write(ref isReading, 0);
            }
        };
        Assert.Equal("reverted=1", await RevertAsync("&versions=true"));
        _store.Before = null;
        Assert.All(seen, static text => Assert.Equal("two", text));
        Assert.Empty(_store.VersionsOf("bucket", "k"));
        Assert.Equal("remote", await SeenAsync());
    }

    [Fact]
    public async Task A_deleted_key_shows_the_remote_and_its_older_versions_stay_as_history()
    {
        await WriteAsync("one");
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/k")).Status);
        Assert.Equal("404", await SeenAsync());
        Assert.Equal("reverted=1", await RevertAsync());
        Assert.Equal("remote", await SeenAsync());
        Assert.Equal(2, _store.VersionsOf("bucket", "k").Count);
    }

    [Fact]
    public async Task A_locked_version_leaves_its_key_as_it_is()
    {
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/k")).Status);
        await WriteAsync("mine");
        _store.LocksVersions = true;
        Assert.Equal("locked=1", await RevertAsync("&versions=true"));
        Assert.Equal("mine", await SeenAsync());

        // Its tombstone, too: without it the remote would show once the object is gone.
        var left = await _proxy.SendAsync("GET", "/-/v1/tombstones?bucket=bucket");
        Assert.Contains("\"key\":\"k\"", left.Text, StringComparison.Ordinal);
        _store.LocksVersions = false;
        Assert.Equal("reverted=1", await RevertAsync("&versions=true"));
        Assert.Equal("remote", await SeenAsync());
    }

    private async Task WriteAsync(string text) => Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/k", text)).Status);

    private async Task<string> RevertAsync(string more = "") =>
        ChangeLines.Counts(await _proxy.SendAsync("POST", "/-/v1/revert?bucket=bucket&key=k" + more));

    private async Task<string> SeenAsync()
    {
        var read = await _proxy.SendAsync("GET", "/bucket/k");
        return read.Status == 200 ? read.Text : $"{read.Status}";
    }
}
