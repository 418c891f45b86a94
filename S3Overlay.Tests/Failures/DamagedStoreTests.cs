using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// A bit of the built-in store's log or database is wrong. Clients see what they saw before, and never the remote's object in place
/// of a written or deleted one (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class DamagedStoreTests
{
    private static readonly string[] Keys = ["deleted", "written", "replaced", "both", "remote", "new", "last"];

    [Theory]
    [InlineData("changes", "*.log")]
    [InlineData("", "store.db")]
    public async Task Clients_see_what_they_saw_before(string folder, string files)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        foreach (var key in Keys.Where(static key => key != "new"))
        {
            remote.Put("bucket", key, System.Text.Encoding.ASCII.GetBytes("the remote's " + key));
        }

        using var data = new TemporaryFolder();
        string expected;
        await using (var proxy = await StartAsync(data["whole"]))
        {
            await SendAsync(proxy, "DELETE", "deleted");
            await SendAsync(proxy, "PUT", "written", "1");
            await SendAsync(proxy, "PUT", "replaced", "2");
            await SendAsync(proxy, "PUT", "replaced", "3");
            await SendAsync(proxy, "PUT", "both", "4");
            await SendAsync(proxy, "DELETE", "both");
            await SendAsync(proxy, "PUT", "new", "5");
            await SendAsync(proxy, "PUT", "written?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");
            await SendAsync(proxy, "PUT", "last", "6");
            expected = await DescribeAsync(proxy);
        }

        Assert.Contains("deleted: 404", expected, StringComparison.Ordinal);
        var path = Directory.GetFiles(Path.Combine(data["whole"], folder), files).Single();
        var bytes = await File.ReadAllBytesAsync(path);
        for (var at = 1; at < bytes.Length; at += bytes.Length / 12)
        {
            var copy = data[$"flipped-{at}"];
            CrashedFolder.Copy(data["whole"], copy);
            var flipped = bytes.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));
            await File.WriteAllBytesAsync(Path.Combine(copy, folder, Path.GetFileName(path)), flipped);
            await using (var proxy = await StartAsync(copy))
            {
                Assert.True(expected == await DescribeAsync(proxy), $"byte {at}");
            }

            await using (var proxy = await StartAsync(copy))
            {
                Assert.True(expected == await DescribeAsync(proxy), $"byte {at}, the start after that");
            }

            // What was left of the log, and what the database knew, are together again.
            File.Delete(Path.Combine(copy, "store.db"));
            await using (var proxy = await StartAsync(copy))
            {
                Assert.True(expected == await DescribeAsync(proxy), $"byte {at}, without the database");
            }
        }

        Task<OverlayHost> StartAsync(string where) => OverlayHost.StartEmbeddedAsync(
            remote.Endpoint, ("S3_OVERLAY_UNMAPPED", "show"), ("S3_OVERLAY_DURABLE", "false"), ("S3_OVERLAY_DATA_DIR", where));
    }

    /// <summary>Asks again while the store rebuilds what it found damaged, as clients do.</summary>
    private static async Task<RawResponse> ReadAsync(OverlayHost proxy, string target)
    {
        RawResponse? read = null;
        await Patience.UntilAsync(async () => (read = await proxy.SendAsync("GET", target)).Status != 503, "The store is not rebuilt.");
        return read!;
    }

    private static async Task SendAsync(OverlayHost proxy, string method, string target, string? body = null) =>
        Assert.Contains((await proxy.SendAsync(method, "/bucket/" + target, body)).Status, (int[])[200, 204]);

    private static async Task<string> DescribeAsync(OverlayHost proxy)
    {
        var text = new System.Text.StringBuilder();
        foreach (var key in Keys)
        {
            var read = await ReadAsync(proxy, "/bucket/" + key);
            text.AppendLine($"{key}: {read.Status} {(read.Status == 200 ? read.Text : read.Code)}");
        }

        var list = (await ReadAsync(proxy, "/bucket?list-type=2")).Text.Split("<Key>").Skip(1)
            .Select(static part => part.Split('<')[0]);
        return text.AppendLine(string.Join(", ", list)).Append((await ReadAsync(proxy, "/bucket/written?tagging")).Text).ToString();
    }
}
