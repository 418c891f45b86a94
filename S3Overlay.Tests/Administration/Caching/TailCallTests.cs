using System.Text.Json;

using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration.Caching;

/// <summary>Requests as they are answered, and recordings of reads.</summary>
public class TailCallTests : IAsyncLifetime
{
    private CacheScene _scene = null!;

    /// <summary>True for an S3 endpoint as local layer.</summary>
    protected virtual bool IsOnStore => false;

    public async Task InitializeAsync() => _scene = await CacheScene.StartAsync(IsOnStore);

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Fact]
    [Trait("Rule", "A5")]
    public async Task A_watcher_sees_requests_of_its_target_and_the_end_when_the_proxy_stops()
    {
        _scene.Put(1000, "a", "p/b");
        var lines = await WatchAsync("tail", new Parameters().With("bucket", "photos").With("layer", "miss"), async () =>
        {
            await _scene.ReadAsync("a", "a", "p/b");
            await _scene.Proxy.SendAsync("GET", "/other/x");
            await _scene.Proxy.SendAsync("GET", "/-/v1/stats");
        });
        Assert.Equal(["GetObject photos/a 200 remote MISS 1000", "GetObject photos/p/b 200 remote MISS 1000"], lines.Select(static line =>
            $"{line.GetProperty("operation")} {line.GetProperty("bucket")}/{line.GetProperty("key")} {line.GetProperty("status")} "
            + $"{line.GetProperty("layer")} {line.GetProperty("cache")} {line.GetProperty("bytes")}"));
        Assert.False(_scene.Proxy.Services.Tail.IsWatched);
    }

    [Fact]
    public async Task Errors_and_writes_are_seen_and_the_administration_is_not()
    {
        _scene.Put(10, "a");
        var lines = await WatchAsync("tail", new Parameters(), async () =>
        {
            await _scene.Proxy.SendAsync("PUT", "/photos/w", "mine");
            await _scene.Proxy.SendAsync("GET", "/photos/nothing");
            await _scene.Proxy.SendAsync("GET", "/-/v1/stats");
            await _scene.Proxy.SendAsync("GET", "/photos");
        });
        Assert.Equal([("PutObject", 200, null), ("GetObject", 404, "NoSuchKey"), ("ListObjects", 200, null)], lines.Select(static line => (
            line.GetProperty("operation").GetString(), line.GetProperty("status").GetInt32(),
            line.TryGetProperty("code", out var code) ? code.GetString() : null)));
    }

    [Fact]
    public async Task A_recording_has_the_reads_of_remote_owned_objects_with_ranges_and_etags()
    {
        _scene.Put(3 * CacheScene.Chunk, "large");
        _scene.Put(1000, "a");
        await _scene.Proxy.SendAsync("PUT", "/photos/mine", "mine");
        var lines = await WatchAsync("record", new Parameters(), async () =>
        {
            await _scene.ReadAsync("a", "mine");
            await _scene.ReadRangeAsync("large", "bytes=100-199");
            await _scene.Proxy.SendAsync("HEAD", "/photos/a");
            await _scene.Proxy.SendAsync("GET", "/photos/nothing");
        });
        var etags = (await _scene.ListAsync("cached?all=true")).ToDictionary(
            static item => item.GetProperty("key").GetString()!, static item => item.GetProperty("etag").GetString());
        Assert.Equal([("a", null, 1000, etags["a"]), ("large", "bytes=100-199", 3 * CacheScene.Chunk, etags["large"])],
            lines.Select(static line => (line.GetProperty("key").GetString(),
                line.TryGetProperty("range", out var range) ? range.GetString() : null, line.GetProperty("size").GetInt32(),
                line.GetProperty("etag").GetString())));
    }

    [Theory]
    [InlineData("layer=disk")]
    [InlineData("status=4x")]
    [InlineData("status=600")]
    [InlineData("status=9xx")]
    [InlineData("rate=1")]
    public async Task A_filter_that_is_none_is_refused(string filter) =>
        Assert.Equal(400, (await _scene.RefusedAsync("GET", $"tail?{filter}")).Status);

    [Theory]
    [InlineData("method", "put", "PUT 200")]
    [InlineData("status", "404", "GET 404")]
    [InlineData("status", "4xx", "GET 404")]
    [InlineData("status", "2xx", "PUT 200,GET 200")]
    public async Task A_watcher_sees_a_method_or_statuses(string filter, string value, string expected)
    {
        _scene.Put(10, "a");
        var lines = await WatchAsync("tail", new Parameters().With(filter, value), async () =>
        {
            await _scene.Proxy.SendAsync("PUT", "/photos/w", "mine");
            await _scene.Proxy.SendAsync("GET", "/photos/nothing");
            await _scene.Proxy.SendAsync("GET", "/photos/w");
        });
        Assert.Equal(expected, string.Join(',', lines.Select(static line => $"{line.GetProperty("method")} {line.GetProperty("status")}")));
    }

    /// <summary>Watches while something happens, until the proxy ends it.</summary>
    private async Task<List<JsonElement>> WatchAsync(string method, Parameters parameters, Func<Task> happens)
    {
        using var client = new ProxyClient(
            new ProxyAddress(_scene.Proxy.Endpoint, new SigningCredentials("minioadmin", "minioadmin"), "us-east-1"));
        var watching = Task.Run(async () =>
        {
            var lines = new List<JsonElement>();
            await foreach (var line in client.ListAsync(method, parameters, default))
            {
                lines.Add(line.Json);
            }

            return lines;
        });
        await Patience.UntilAsync(() => _scene.Proxy.Services.Tail.IsWatched, "Nothing watches.");
        var before = _scene.Proxy.Statistics.Requests;
        await happens();
        await Patience.UntilAsync(() => _scene.Proxy.Statistics.Requests > before, "Nothing was counted.");

        // A response may be noted a moment after its client has it.
        await Task.Delay(100);
        _scene.Proxy.Services.Tail.End();
        return await watching.WaitAsync(Patience.Limit);
    }
}

/// <summary>See <see cref="TailCallTests"/>: over an S3 endpoint as local layer.</summary>
public sealed class TailCallOnStoreTests : TailCallTests
{
    /// <inheritdoc/>
    protected override bool IsOnStore => true;
}
