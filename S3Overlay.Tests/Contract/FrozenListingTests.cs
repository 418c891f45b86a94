using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Frozen entries in listings, responses and metrics (rules S1, T2).</summary>
[Trait("Rule", "S1")]
public sealed class FrozenListingTests
{
    [Theory, Trait("Rule", "T2")]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Pages_show_frozen_entries_in_place_of_what_the_remote_has(string layer)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "a", "older"u8.ToArray());
        remote.Put("bucket", "b", "same"u8.ToArray());
        await using var store = layer == "embedded" ? null : await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "frozen"));
        var older = await proxy.SendAsync("GET", "/bucket/a");
        await proxy.SendAsync("GET", "/bucket/b");
        await proxy.WhenIdleAsync();
        Assert.Equal(0, await DriftAsync(proxy));
        remote.Put("bucket", "a", "newer, and longer"u8.ToArray());
        remote.Put("bucket", "c", "never read"u8.ToArray());

        for (var i = 1; i < 3; i++)
        {
            var page = (await proxy.SendAsync("GET", "/bucket?list-type=2")).Text;
            var rows = Rows(page);
            Assert.Equal(["a", "b", "c"], rows.Select(row => row["Key"]));
            Assert.Equal(["5", "4", "10"], rows.Select(row => row["Size"]));
            Assert.Equal(older.Headers["ETag"], rows[0]["ETag"]);
            var modified = DateTimeOffset.Parse(rows[0]["LastModified"], CultureInfo.InvariantCulture);
            Assert.Equal(older.Headers["Last-Modified"], modified.ToString("R"));
            Assert.Equal(i, await DriftAsync(proxy));
            var read = await proxy.SendAsync("GET", "/bucket/a");
            Assert.Equal(("older", "HIT"), (read.Text, read.Headers["x-cache"]));
        }
    }

    /// <summary>
    /// An object that the remote has lost is read from its entry, so it is listed too: by key and by folder, from anywhere, in pages of any
    /// size.
    /// </summary>
    [Theory, Trait("Rule", "T2")]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task Pages_show_frozen_entries_that_the_remote_has_lost(string layer)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        string[] keys = ["a", "b", "deleted", "é\uFFFD", "kept/1", "kept/2", "lost/1", "lost/2", "lost\U0001F600/1", "never/read",
            "written", "z"];
        foreach (var key in keys)
        {
            remote.Put("bucket", key, System.Text.Encoding.UTF8.GetBytes("bytes of " + key));
        }

        await using var store = layer == "embedded" ? null : await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store?.Endpoint, remote, layer);
        foreach (var key in keys.Where(key => key is not ("never/read" or "kept/2")))
        {
            Assert.Equal(200, (await proxy.SendAsync("GET", Target(key))).Status);
        }

        await proxy.WhenIdleAsync();
        foreach (var key in keys.Where(key => key is not ("a" or "kept/2")))
        {
            remote.Remove("bucket", key);
        }

        Assert.Equal(200, (await proxy.SendAsync("PUT", Target("written"), "other bytes")).Status);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", Target("deleted"))).Status);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", Target("lost/2"))).Status);
        List<string> visible = [.. keys.Except(["deleted", "lost/2", "never/read"]).Order(Utf8Order.Instance)];
        await AssertListedAsync(proxy, visible);
        Assert.True(await DriftAsync(proxy) > 0);

        // A folder disappears with its last entry, and a bucket is empty once nothing is left.
        Assert.Equal(204, (await proxy.SendAsync("DELETE", Target("lost/1"))).Status);
        visible.Remove("lost/1");
        await AssertListedAsync(proxy, visible);
        remote.Remove("bucket", "a");
        remote.Remove("bucket", "kept/2");
        remote.AddBucket("bucket");
        await AssertListedAsync(proxy, visible);
        foreach (var key in visible)
        {
            Assert.Equal("BucketNotEmpty", (await proxy.SendAsync("DELETE", "/bucket")).Code);
            Assert.Equal(204, (await proxy.SendAsync("DELETE", Target(key))).Status);
        }

        await AssertListedAsync(proxy, []);
        Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bucket")).Status);
    }

    /// <summary>An entry of another remote's object is not used by reads, and is not listed.</summary>
    [Theory, Trait("Rule", "R7")]
    [InlineData("store")]
    public async Task An_entry_of_another_remotes_object_is_not_listed(string layer)
    {
        await using var first = await ScriptedRemote.StartAsync();
        await using var second = await ScriptedRemote.StartAsync();
        first.Put("bucket", "a", "first"u8.ToArray());
        first.Put("bucket", "folder/a", "first"u8.ToArray());
        second.Put("bucket", "b", "second"u8.ToArray());
        await using var store = await StoreServer.StartAsync();
        await using (var proxy = await StartAsync(store.Endpoint, first, layer))
        {
            await proxy.SendAsync("GET", "/bucket/a");
            await proxy.SendAsync("GET", "/bucket/folder/a");
            await proxy.WhenIdleAsync();
            Assert.Equal(["a", "folder/"], await ListAsync(proxy, "list-type=2&delimiter=%2F"));
        }

        await using (var proxy = await StartAsync(store.Endpoint, second, layer))
        {
            Assert.Equal(["b"], await ListAsync(proxy, "list-type=2&delimiter=%2F"));
            Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/a")).Status);
        }
    }

    /// <summary>If the remote has lost nothing, frozen entries add no store calls to a page beyond the listing of their rows.</summary>
    [Fact, Trait("Rule", "L2")]
    public async Task Frozen_entries_of_current_objects_are_not_looked_up()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await StartAsync(store.Endpoint, remote, "store");
        for (var i = 0; i < 20; i++)
        {
            remote.Put("bucket", $"k{i:D2}", [1]);
            await proxy.SendAsync("GET", $"/bucket/k{i:D2}");
        }

        await proxy.WhenIdleAsync();
        await proxy.SendAsync("GET", "/bucket?list-type=2");
        store.ForgetCalls();
        Assert.Equal(20, (await ListAsync(proxy, "list-type=2")).Count);
        Assert.All(store.Calls, call => Assert.Contains("list-type=2", call.Query, StringComparison.Ordinal));
        Assert.InRange(store.Calls.Count, 1, 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_missing_byte_of_a_changed_object_is_503_to_be_repeated(bool isOverStore)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "k", new byte[300_000]);
        await using var store = isOverStore ? await StoreServer.StartAsync() : null;
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "frozen"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "64KiB"));
        Assert.Equal(206, (await proxy.SendAsync("GET", "/bucket/k", null, ("Range", "bytes=0-9"))).Status);
        await proxy.WhenIdleAsync();
        remote.Put("bucket", "k", new byte[300_001]);
        foreach (var range in (string[])["bytes=200000-200009", "bytes=0-299999"])
        {
            var response = await proxy.SendAsync("GET", "/bucket/k", null, ("Range", range));
            Assert.Equal(503, response.Status);
            Assert.Contains("<Code>RemoteChanged</Code>", response.Text, StringComparison.Ordinal);
            Assert.True(response.Headers.ContainsKey("Retry-After"));
        }

        Assert.True(await DriftAsync(proxy) >= 2);
        Assert.Equal(206, (await proxy.SendAsync("GET", "/bucket/k", null, ("Range", "bytes=0-60000"))).Status);
    }

    private static Task<OverlayHost> StartAsync(Uri? store, ScriptedRemote remote, string layer) => OverlayHost.StartAsync(
        store, remote.Endpoint, null,
        ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "frozen"));

    private static string Target(string key) => "/bucket/" + UriEncoding.EncodeKey(key);

    /// <summary>Lists in every way, and compares each row with a HEAD and a GET.</summary>
    private static async Task AssertListedAsync(OverlayHost proxy, List<string> visible)
    {
        foreach (var delimiter in (string[])["", "/", "\U0001F600", "t/"])
        {
            List<string> rows =
                [.. visible.Select(key => new ListingQuery("", delimiter, ListingPosition.Start, 0).CommonPrefixOf(key) ?? key).Distinct()];
            foreach (var size in (int[])[1, 2, 1000])
            {
                Assert.Equal(
                    rows, await ListAsync(proxy, $"list-type=2&max-keys={size}&delimiter={UriEncoding.EncodeComponent(delimiter)}"));
                Assert.Equal(rows, await ListAsync(proxy, $"max-keys={size}&delimiter={UriEncoding.EncodeComponent(delimiter)}"));
            }
        }

        foreach (var start in (string[])["b", "kept/1", "lost/", "lost/1", "lost\U0001F600/"])
        {
            var behind = visible.Where(key => Utf8Order.Compare(key, start) > 0);
            Assert.Equal(behind, await ListAsync(proxy, $"list-type=2&start-after={UriEncoding.EncodeComponent(start)}"));
            Assert.Equal(visible.Where(key => key.StartsWith(start, StringComparison.Ordinal)),
                await ListAsync(proxy, $"list-type=2&prefix={UriEncoding.EncodeComponent(start)}"));
        }

        foreach (var row in Rows((await proxy.SendAsync("GET", "/bucket?list-type=2")).Text))
        {
            var head = await proxy.SendAsync("HEAD", Target(row["Key"]));
            var get = await proxy.SendAsync("GET", Target(row["Key"]));
            Assert.Equal((200, 200), (head.Status, get.Status));
            Assert.Equal((row["Size"], row["ETag"]), (head.Headers["Content-Length"], head.Headers["ETag"]));
            Assert.Equal(DateTimeOffset.Parse(row["LastModified"], CultureInfo.InvariantCulture).ToString("R"),
                head.Headers["Last-Modified"]);
            Assert.Equal(row["Size"], get.Body.Length.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Keys and common prefixes of a whole listing, walked through by what each page says of the next.</summary>
    private static async Task<List<string>> ListAsync(OverlayHost proxy, string query)
    {
        var names = new List<string>();
        for (var next = ""; ;)
        {
            var response = await proxy.SendAsync("GET", $"/bucket?{query}{next}");
            Assert.Equal(200, response.Status);
            var page = System.Xml.Linq.XDocument.Parse(response.Text).Root!;
            var rows = page.Elements().Where(element => element.Name.LocalName is "Contents" or "CommonPrefixes")
                .Select(element => element.Elements().First().Value);
            names.AddRange(rows.Order(Utf8Order.Instance));
            if (page.Elements()
                .FirstOrDefault(element => element.Name.LocalName is "NextContinuationToken" or "NextMarker") is not { } more)
            {
                return names;
            }

            next = $"&{(more.Name.LocalName == "NextMarker" ? "marker" : "continuation-token")}={UriEncoding.EncodeComponent(more.Value)}";
        }
    }

    private static List<Dictionary<string, string>> Rows(string page) =>
    [
        .. System.Xml.Linq.XDocument.Parse(page).Root!.Elements().Where(element => element.Name.LocalName == "Contents")
            .Select(row => row.Elements().ToDictionary(element => element.Name.LocalName, element => element.Value)),
    ];

    private static async Task<double> DriftAsync(OverlayHost proxy)
    {
        var page = (await proxy.Http.SendUnsignedAsync("GET", "/metrics")).Text;
        var line = page.Split('\n').FirstOrDefault(line => line.StartsWith("s3_overlay_drift_total ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
