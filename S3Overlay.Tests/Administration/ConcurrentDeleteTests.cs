using System.Globalization;
using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Deletes by clients that are in progress while an administrator undeletes (rules D1, B4).</summary>
[Trait("Rule", "D1")]
public sealed class ConcurrentDeleteTests : IAsyncLifetime
{
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _proxy = await OverlayHost.StartEmbeddedAsync(_remote.Endpoint);
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Fact]
    public async Task A_key_deleted_while_its_bucket_is_compacted_stays_deleted()
    {
        // More keys between the first and the last tombstone than one remote page has, so it needs two requests.
        for (var i = 0; i < 1100; i++)
        {
            _remote.Put("bucket", $"m{i:d4}", "remote"u8.ToArray());
        }

        await DeleteAsync("a", "b", "z");
        var pages = 0;
        _remote.Script = async (request, _) =>
        {
            if (request.RawQuery.Contains("list-type", StringComparison.Ordinal) && ++pages == 2)
            {
                // The first page reports both of them as absent.
                _remote.Put("bucket", "a", "remote"u8.ToArray());
                _remote.Put("bucket", "b", "remote"u8.ToArray());
                await DeleteAsync("a");
            }

            return ScriptedOutcome.AsUsual;
        };
        var done = await CallAsync("compact?bucket=bucket");
        Assert.Equal(
            (3, 2, 1, 2), (Number(done, "tombstones"), Number(done, "removed"), Number(done, "kept"), Number(done, "remotePages")));

        // The remote's current object under b was never deleted here.
        Assert.Equal(
            (404, 200), ((await _proxy.SendAsync("GET", "/bucket/a")).Status, (await _proxy.SendAsync("GET", "/bucket/b")).Status));
    }

    [Fact]
    public async Task What_lies_between_tombstones_is_leapt_over()
    {
        for (var i = 0; i < 5000; i++)
        {
            _remote.Put("bucket", $"m{i:d4}", "remote"u8.ToArray());
        }

        await DeleteAsync("a", "m2500", "m4999", "z");
        var done = await CallAsync("compact?bucket=bucket");
        Assert.Equal(
            (4, 2, 0, 3), (Number(done, "tombstones"), Number(done, "removed"), Number(done, "kept"), Number(done, "remotePages")));
        Assert.Equal(
            (404, 404), ((await _proxy.SendAsync("GET", "/bucket/m2500")).Status, (await _proxy.SendAsync("GET", "/bucket/m4999")).Status));
    }

    [Fact]
    public async Task A_remote_that_cannot_be_listed_costs_no_tombstone()
    {
        _remote.Put("bucket", "other", "remote"u8.ToArray());
        await DeleteAsync("k");
        _remote.Script = async (request, context) =>
        {
            if (!request.RawQuery.Contains("list-type", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        var response = await _proxy.SendAsync("POST", "/-/v1/compact?bucket=bucket");
        Assert.Equal(503, response.Status);
        _remote.Script = null;
        _remote.Put("bucket", "k", "remote"u8.ToArray());
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    [Fact]
    public async Task A_delete_under_way_finishes_before_its_tombstone_is_removed()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/key", "mine")).Status);
        var (discarded, deleted) = await HoldDeleteAsync(scene, "/bucket/key", "discard?bucket=bucket&prefix=key");
        Assert.Equal(204, deleted.Status);
        Assert.Equal(1, Number(Last(discarded), "tombstones"));
        Assert.Equal("remote", (await scene.SendAsync("GET", "/bucket/key")).Text);
    }

    [Fact]
    [Trait("Rule", "B4")]
    public async Task A_delete_under_way_in_a_deleted_bucket_finishes_before_its_tombstone_is_removed()
    {
        await using var scene = await StoreScene.StartAsync();
        scene.Remote.Put("other", "key", "remote"u8.ToArray());
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/other/key")).Status);
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/other")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/other")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/other/key", "mine")).Status);
        var (discarded, deleted) = await HoldDeleteAsync(scene, "/other/key", "discard?bucket=other");
        Assert.Equal(204, deleted.Status);
        Assert.Equal(1, Number(Last(discarded), "buckets"));
        Assert.Equal("remote", (await scene.SendAsync("GET", "/other/key")).Text);
    }

    [Fact]
    public async Task A_tombstone_under_a_written_object_is_removed_once_no_delete_can_be_under_way()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, _remote.Endpoint, null, ("S3_OVERLAY_PROXIES", "2"));

        // On the store's clock: before the tombstone was created, and long after.
        var (start, later) = (DateTimeOffset.UtcNow, TimeSpan.Zero);
        store.Alter = request => request.HttpContext.Response.Headers.Date = (start + later).ToString("r", CultureInfo.InvariantCulture);
        _remote.Put("bucket", "key", "remote"u8.ToArray());
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/key")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/key", "mine")).Status);
        var done = await proxy.SendAsync("POST", "/-/v1/discard?bucket=bucket&key=key");
        Assert.Equal((0, 1), (Number(Last(done), "tombstones"), Number(Last(done), "kept")));
        later = TimeSpan.FromMinutes(10);
        done = await proxy.SendAsync("POST", "/-/v1/discard?bucket=bucket&key=key");
        Assert.Equal((1, 0), (Number(Last(done), "tombstones"), Number(Last(done), "kept")));
        Assert.Equal("mine", (await proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>Begins a delete, pauses it before it removes the object, and begins an undelete, which has to wait for it.</summary>
    private static async Task<(RawResponse Discarded, RawResponse Deleted)> HoldDeleteAsync(StoreScene scene, string target, string call)
    {
        var (reached, free) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        scene.Store.Before = async made =>
        {
            if (made.Method == "DELETE" && made.Path == target)
            {
                reached.TrySetResult();
                await free.Task;
            }
        };
        var deleting = scene.Proxy.SendAsync("DELETE", target);
        await reached.Task.WaitAsync(Patience.Limit);
        scene.Store.ForgetCalls();
        var discarding = scene.Proxy.SendAsync("POST", "/-/v1/" + call);

        // As far as it gets: it waits for the lock of the key or bucket, and nothing is removed.
        var locks = scene.Proxy.Services.Overlay!.Service.Locks;
        await Patience.UntilAsync(() => discarding.IsCompleted || locks.Keys.Waiting + locks.Buckets.Waiting > 0,
            "The discard neither waits nor ends.");
        Assert.DoesNotContain(scene.Store.Calls, made => made.Method == "DELETE");
        Assert.False(discarding.IsCompleted);
        free.SetResult();
        return (await scene.Clock.RunAsync(discarding), await scene.Clock.RunAsync(deleting));
    }

    private async Task DeleteAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/" + key)).Status);
        }
    }

    private async Task<JsonElement> CallAsync(string call)
    {
        var response = await _proxy.SendAsync("POST", "/-/v1/" + call);
        Assert.True(response.Status == 200, response.Text);
        return Last(response);
    }

    private static JsonElement Last(RawResponse response) => JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;

    private static int Number(JsonElement line, string name) => line.GetProperty(name).GetInt32();
}
