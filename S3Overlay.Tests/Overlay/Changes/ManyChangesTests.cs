using System.Diagnostics;
using System.Globalization;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Overlay.Listings.Large;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using Xunit.Abstractions;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>What it costs to compare changes with a remote of a million keys (rule P2).</summary>
[FullRun("smaller remotes are in ChangesTests")]
[Trait("Rule", "P2")]
public sealed class ManyChangesTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Keys = 1_000_000;

    private ManyKeysRemote _remote = null!;
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _remote = await ManyKeysRemote.StartAsync(Enumerable.Range(0, Keys).Select(Key));
        _proxy = await OverlayHost.StartAsync(null, _remote.Endpoint, null, ("S3_OVERLAY_DURABLE", "false"));
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory]
    [InlineData(10, 20, 5)]
    [InlineData(10_000, Keys / 1000, 30)]
    public async Task Changes_of_a_large_bucket_cost_few_pages_and_seconds(int changes, int maxPages, int maxSeconds)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, changes), async (i, token) =>
        {
            // Every fourth is deleted, and another fourth has no key at the remote.
            var key = Key(i * (Keys / changes)) + (i % 4 == 1 ? "-added" : "");
            var isDeleted = i % 4 == 0;
            await _proxy.Services.Service.HandleAsync(
                Request(isDeleted ? S3Operation.DeleteObject : S3Operation.PutObject, isDeleted ? "DELETE" : "PUT", key),
                new BufferedResponse(), token);
        });
        _remote.TakeCalls();
        var time = Stopwatch.StartNew();
        var lines = (await ChangeLines.ReadAsync(await _proxy.SendAsync("GET", "/-/v1/changes?bucket=many"))).Select(ChangeLines.Show);
        time.Stop();
        var pages = _remote.TakeCalls().Count;
        output.WriteLine($"{changes} changes, {Keys} keys: {pages} pages, {time.ElapsedMilliseconds} ms");
        Assert.Equal(
            Enumerable.Range(0, changes).Select(i => (i % 4 == 0 ? "D " : i % 4 == 1 ? "A " : "M ") + Key(i * (Keys / changes))
                + (i % 4 == 1 ? "-added" : "")), lines);
        Assert.True(pages <= maxPages, $"{pages} pages");
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(maxSeconds), $"{time.Elapsed}");
    }

    private static string Key(int i) => string.Create(CultureInfo.InvariantCulture, $"folder/{i:D7}");

    private static S3Request Request(S3Operation operation, string method, string key) => new()
    {
        Operation = operation,
        Method = method,
        Bucket = "many",
        Key = key,
        Query = S3Query.Parse(""),
        Headers = new HeaderDictionary(),
        Caller = new S3Caller("minioadmin"),
        Body = new BytesBody(Encoding.UTF8.GetBytes("mine")),
        RequestId = key,
        Address = new S3Address("http", "localhost:8000", false),
    };
}
