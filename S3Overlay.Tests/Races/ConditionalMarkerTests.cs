using System.Net.Sockets;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// A conditional delete of the remote's object over a store that keeps versions, while another client writes the key past this proxy, at
/// each instant between two calls. The written object is not the one the conditions held for, and stays (rules V4, W3).
/// </summary>
public sealed class ConditionalMarkerTests
{
    [Theory, Trait("Rule", "V4"), Trait("Rule", "W3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_concurrent_write_stays(bool isSuspended)
    {
        await using var store = await VersionedStore.StartAsync();
        (store.IsSuspended, store.JudgesDeletes) = (isSuspended, true);
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        using var client = new HttpClient();
        remote.Put("bucket", "warm", "remote"u8.ToArray());
        Assert.Equal(412, (await proxy.SendAsync("DELETE", "/bucket/warm", null, ("If-Match", "\"other\""))).Status);
        var (deleted, etag, conflicts) = ((RawResponse?)null, "", 0);
        var runs = await StoreSteps.SweepAsync(
            store,
            async run => deleted = await proxy.SendAsync("DELETE", $"/bucket/{run}", null, ("If-Match", etag)),
            async run => (await client.PutAsync(new Uri(store.Endpoint, $"/bucket/{run}"), new StringContent("in between")))
                .EnsureSuccessStatusCode(),
            async run =>
            {
                Assert.True(deleted!.Status is 204 or 409 or 412, deleted.Text);
                Assert.Equal("in between", (await proxy.SendAsync("GET", $"/bucket/{run}")).Text);
                conflicts += deleted.Status == 409 ? 1 : 0;
                var versions = store.VersionsOf("bucket", $"{run}");
                Assert.Equal("in between", Encoding.UTF8.GetString(versions[0].Bytes!));
                Assert.True(deleted.Status == 204 || versions.Count == 1, $"The marker of a delete that was refused is left in run {run}.");

                // What goes behind the proxy leaves the remote's, unless that was deleted.
                (await client.DeleteAsync(new Uri(store.Endpoint, $"/bucket/{run}?versionId={versions[0].Id}"))).EnsureSuccessStatusCode();
                Assert.Equal(deleted.Status == 204 ? 404 : 200, (await proxy.SendAsync("GET", $"/bucket/{run}")).Status);
            },
            run =>
            {
                etag = remote.Put("bucket", $"{run}", "remote"u8.ToArray()).ETag;
                return Task.CompletedTask;
            });
        Assert.True(runs > 6, $"Only {runs} instants.");
        Assert.True(isSuspended || conflicts > 1, $"Only {conflicts} conflicts.");
    }

    /// <summary>
    /// The write arrives while the delete is at the store. The delete removes its marker at once, a little later, or not at all: then the
    /// client gets an error and can remove it.
    /// </summary>
    [Theory, Trait("Rule", "V4"), Trait("Rule", "W3")]
    [InlineData(0, false, 409)]
    [InlineData(2, false, 409)]
    [InlineData(100, false, 503)]
    [InlineData(0, true, 503)]
    public async Task A_marker_that_hides_a_write_is_deleted_or_the_client_gets_an_error(int failures, bool isLocked, int expected)
    {
        await using var store = await VersionedStore.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        using var client = new HttpClient();
        await WarmAsync(remote, proxy);
        var etag = remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        (store.FailingVersionDeletes, store.LocksVersions) = (failures, isLocked);
        store.Before = async call =>
        {
            if (call is { Method: "DELETE", Path: "/bucket/key" })
            {
                store.Before = null;
                await PutBehindAsync(client, store, "key");
            }
        };
        var deleted = await proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag));
        Assert.Equal(expected, deleted.Status);
        store.FailingVersionDeletes = 0;
        if (expected == 503)
        {
            var marker = store.VersionsOf("bucket", "key")[0].Id;
            Assert.Contains(marker, deleted.Text, StringComparison.Ordinal);
            Assert.Equal(
                204, (await proxy.SendAsync("DELETE", $"/bucket/key?versionId={marker}", null,
                ("x-amz-bypass-governance-retention", "true"))).Status);
        }

        Assert.Equal("in between", (await proxy.SendAsync("GET", "/bucket/key")).Text);
        store.LocksVersions = false;
        (await client.DeleteAsync(new Uri(store.Endpoint, $"/bucket/key?versionId={store.VersionsOf("bucket", "key")[0].Id}")))
            .EnsureSuccessStatusCode();
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>
    /// Whether the marker hides anything is unknown, because versions may not be listed. That refusal is not the store's response to the
    /// delete: the marker is there, and so is its tombstone.
    /// </summary>
    [Fact, Trait("Rule", "V4"), Trait("Rule", "D1")]
    public async Task A_marker_that_the_store_does_not_report_keeps_its_tombstone()
    {
        await using var store = await VersionedStore.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        await WarmAsync(remote, proxy);
        var etag = remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        store.ForbidsVersions = true;
        var deleted = await proxy.SendAsync("DELETE", "/bucket/key", null, ("If-Match", etag));
        Assert.Equal(503, deleted.Status);
        Assert.Contains("At the local store the bucket may not be listed.", deleted.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal((403, true),
            ((await proxy.SendAsync("GET", "/bucket?versions")).Status, store.VersionsOf("bucket", "key") is [{ Bytes: null }]));

        // Deleting the marker shows the remote's object again.
        store.ForbidsVersions = false;
        Assert.Equal(204, (await proxy.SendAsync("DELETE", $"/bucket/key?versionId={store.VersionsOf("bucket", "key")[0].Id}")).Status);
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/key")).Text);
    }

    /// <summary>A delete that has begun at the store is finished or rolled back, even if its client is gone.</summary>
    [Fact, Trait("Rule", "V4"), Trait("Rule", "W3")]
    public async Task A_client_that_leaves_leaves_nothing_hidden()
    {
        await using var store = await VersionedStore.StartAsync();
        store.JudgesDeletes = true;
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        using var client = new HttpClient();
        await WarmAsync(remote, proxy);
        var etag = remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        using var leaving = new TcpClient();
        store.Before = call => IsDelete(call) ? PutBehindAsync(client, store, "key") : Task.CompletedTask;
        store.After = async call =>
        {
            if (!IsDelete(call))
            {
                return;
            }

            (store.Before, store.After) = (null, null);
            leaving.LingerState = new LingerOption(true, 0);
            leaving.Close();

            // Requests of others are served in between: by then the proxy knows that the client has gone.
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/warm")).Status);
            }
        };
        await leaving.ConnectAsync(proxy.Endpoint.Host, proxy.Endpoint.Port);
        await leaving.GetStream().WriteAsync(proxy.Http.Signed("DELETE", "/bucket/key", null, ("If-Match", etag)));
        await Patience.UntilAsync(() => store.Before is null && store.VersionsOf("bucket", "key") is [{ Bytes: not null }, ..],
            "What was written is hidden.");
        Assert.Equal("in between", (await proxy.SendAsync("GET", "/bucket/key")).Text);

        static bool IsDelete(StoreCall call) => call is { Method: "DELETE", Path: "/bucket/key", Query: "" };
    }

    /// <summary>
    /// A version that local had before it kept versions, below a delete marker that another client made at the store: conditions are judged
    /// on it, not on the remote's object.
    /// </summary>
    [Theory, Trait("Rule", "V1"), Trait("Rule", "W3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_version_null_is_locals_whatever_the_remote_has(bool judgesDeletes)
    {
        await using var store = await VersionedStore.StartAsync();
        store.JudgesDeletes = judgesDeletes;
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        using var client = new HttpClient();
        var etag = remote.Put("bucket", "key", "remote"u8.ToArray()).ETag;
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/other", "x")).Status);
        store.PutNull("bucket", "key", "local"u8.ToArray());
        (await client.DeleteAsync(new Uri(store.Endpoint, "/bucket/key"))).EnsureSuccessStatusCode();
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/key")).Text);
        var own = (await proxy.SendAsync("GET", "/bucket/key?versionId=null")).Headers["ETag"];

        Assert.Equal(412, (await proxy.SendAsync("DELETE", "/bucket/key?versionId=null", null, ("If-Match", etag))).Status);
        Assert.Contains(store.VersionsOf("bucket", "key"), version => version.Id == "null");
        Assert.Equal("remote", (await proxy.SendAsync("GET", "/bucket/key")).Text);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket/key?versionId=null", null, ("If-Match", own))).Status);
        Assert.DoesNotContain(store.VersionsOf("bucket", "key"), version => version.Id == "null");
    }

    /// <summary>
    /// A store that does not say whether it keeps versions. The delete begins if that is certain to become known, and not if it may become
    /// known a moment later.
    /// </summary>
    [Theory, Trait("Rule", "V4"), Trait("Rule", "F")]
    [InlineData(503, "", 503)]
    [InlineData(200, "<html>", 204)]
    [InlineData(403, "", 204)]
    public async Task A_store_that_fails_to_list_versions_leaves_nothing_half_done(int status, string text, int expected)
    {
        await using var store = await VersionedStore.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        var etag = remote.Put("bucket", "k", "remote"u8.ToArray()).ETag;
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/k")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/other", "x")).Status);
        store.TellVersioning = () => (status, text);
        Assert.Equal(expected, (await proxy.SendAsync("DELETE", "/bucket/k", null, ("If-Match", etag))).Status);
        store.TellVersioning = null;
        Assert.Equal(expected == 204 ? 404 : 200, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    /// <summary>By then the proxy knows what the store can do, and the bucket is there.</summary>
    private static async Task WarmAsync(ScriptedRemote remote, OverlayHost proxy)
    {
        remote.Put("bucket", "warm", "remote"u8.ToArray());
        Assert.Equal(412, (await proxy.SendAsync("DELETE", "/bucket/warm", null, ("If-Match", "\"other\""))).Status);
    }

    private static async Task PutBehindAsync(HttpClient client, VersionedStore store, string key) =>
        (await client.PutAsync(new Uri(store.Endpoint, $"/bucket/{key}"), new StringContent("in between"))).EnsureSuccessStatusCode();
}
