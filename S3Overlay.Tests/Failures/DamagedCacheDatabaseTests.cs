using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A bit of the cache's database is wrong. It is deleted and made again, and nothing else changes for clients (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class DamagedCacheDatabaseTests
{
    private const int Count = 200;

    [Fact]
    public async Task Reads_and_listings_continue_and_objects_are_cached_again()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        for (var i = 0; i < Count; i++)
        {
            remote.Put("bucket", Key(i), System.Text.Encoding.ASCII.GetBytes($"content {i}"));
        }

        using var data = new TemporaryFolder();
        await using (var proxy = await StartAsync())
        {
            for (var i = 0; i < Count; i++)
            {
                await ReadAsync(proxy, i);
            }

            await proxy.WhenIdleAsync();
        }

        var database = data["cache/cache.db"];
        var bytes = await File.ReadAllBytesAsync(database);
        Assert.True(bytes.Length > 30_000);
        using var whole = new TemporaryFolder();
        CrashedFolder.Copy(data.Path, whole.Path);
        foreach (var at in Sweep.Of<int>([.. Enumerable.Range(0, 7).Select(part => 10 + (part * (bytes.Length / 7)))], 2))
        {
            Directory.Delete(data["cache"], recursive: true);
            CrashedFolder.Copy(whole["cache"], data["cache"]);
            var flipped = bytes.ToArray();
            flipped[at] ^= 4;
            await File.WriteAllBytesAsync(database, flipped);
            await using var proxy = await StartAsync();
            for (var attempt = 0; attempt < 2; attempt++)
            {
                var list = await proxy.SendAsync("GET", "/bucket?list-type=2");
                Assert.Equal((200, Count), (list.Status, list.Text.Split("<Key>").Length - 1));
                await ReadAsync(proxy, attempt);
                await ReadAsync(proxy, Count - 1);
            }

            // The unnamed file is deleted even while it is open, and new entries are cached.
            await ((Proxy.Embedded.Cache.DiskCacheStore)proxy.Services.Local.Cache!).Cleaning;
            remote.Put("bucket", Key(0), "content 0"u8.ToArray());
            Assert.Equal(200, (await proxy.SendAsync("PUT", $"/bucket/{Key(1)}", "mine")).Status);
            Assert.Equal("mine", (await proxy.SendAsync("GET", $"/bucket/{Key(1)}")).Text);
            Assert.Equal(204, (await proxy.SendAsync("DELETE", $"/bucket/{Key(1)}")).Status);
            Assert.Equal(404, (await proxy.SendAsync("GET", $"/bucket/{Key(1)}")).Status);
            Assert.Equal(200, (await proxy.SendAsync("PUT", $"/bucket/{Key(1)}", "content 1")).Status);
            for (var i = 0; i < 2; i++)
            {
                await ReadAsync(proxy, 150);
                await proxy.WhenIdleAsync();
            }

            var asked = remote.Requests.Count;
            await ReadAsync(proxy, 150);
            Assert.Equal(asked, remote.Requests.Count);
        }

        Task<OverlayHost> StartAsync() => OverlayHost.StartEmbeddedAsync(
            remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_UNMAPPED", "show"), ("S3_OVERLAY_DURABLE", "false"),
            ("S3_OVERLAY_DATA_DIR", data.Path));
    }

    private static string Key(int number) => $"{new string('k', 100)}{number:d3}";

    private static async Task ReadAsync(OverlayHost proxy, int number)
    {
        var response = await proxy.SendAsync("GET", "/bucket/" + Key(number));
        Assert.Equal((200, $"content {number}"), (response.Status, response.Text));
    }
}
