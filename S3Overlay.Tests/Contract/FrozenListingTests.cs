using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>What clients see of frozen copies in pages, answers and figures (rules S1, T2).</summary>
[Trait("Rule", "S1")]
public sealed class FrozenListingTests
{
    [Theory, Trait("Rule", "T2")]
    [InlineData("embedded")]
    [InlineData("store")]
    [InlineData("placed")]
    public async Task Pages_show_frozen_copies_in_place_of_what_the_remote_has(string layer)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "a", "older"u8.ToArray());
        remote.Put("bucket", "b", "same"u8.ToArray());
        await using var store = layer == "embedded" ? null : await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "frozen"), ("S3_OVERLAY_CACHE_PLACE", layer == "placed" ? "bucket" : "cache-bucket"));
        var older = await proxy.SendAsync("GET", "/bucket/a");
        await proxy.SendAsync("GET", "/bucket/b");
        await proxy.WhenIdleAsync();
        Assert.Equal(0, await DriftAsync(proxy));
        remote.Put("bucket", "a", "newer, and longer"u8.ToArray());
        remote.Put("bucket", "c", "never read"u8.ToArray());

        for (var i = 1; i < 3; i++)
        {
            var page = (await proxy.SendAsync("GET", "/bucket?list-type=2")).Text;
            var rows = System.Xml.Linq.XDocument.Parse(page).Root!.Elements().Where(element => element.Name.LocalName == "Contents")
                .Select(row => row.Elements().ToDictionary(element => element.Name.LocalName, element => element.Value)).ToList();
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
            ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "frozen"), ("S3_OVERLAY_CHUNK_THRESHOLD", "64KiB"), ("S3_OVERLAY_CHUNK_SIZE", "64KiB"));
        Assert.Equal(206, (await proxy.SendAsync("GET", "/bucket/k", null, ("Range", "bytes=0-9"))).Status);
        await proxy.WhenIdleAsync();
        remote.Put("bucket", "k", new byte[300_001]);
        foreach (var range in (string[])["bytes=200000-200009", "bytes=0-299999"])
        {
            var answer = await proxy.SendAsync("GET", "/bucket/k", null, ("Range", range));
            Assert.Equal(503, answer.Status);
            Assert.Contains("<Code>RemoteChanged</Code>", answer.Text, StringComparison.Ordinal);
            Assert.True(answer.Headers.ContainsKey("Retry-After"));
        }

        Assert.True(await DriftAsync(proxy) >= 2);
        Assert.Equal(206, (await proxy.SendAsync("GET", "/bucket/k", null, ("Range", "bytes=0-60000"))).Status);
    }

    private static async Task<double> DriftAsync(OverlayHost proxy)
    {
        var page = (await proxy.Http.SendUnsignedAsync("GET", "/metrics")).Text;
        var line = page.Split('\n').FirstOrDefault(line => line.StartsWith("s3_overlay_drift_total ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
