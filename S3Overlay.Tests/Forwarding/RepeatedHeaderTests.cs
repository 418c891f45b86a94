using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A header on several lines is one list. The forwarded headers are signed as they are sent, so the store accepts the signature (as SDKs
/// and test suites of other stores send them).
/// </summary>
[Trait("Rule", "T1")]
[Trait("Rule", "T3")]
public sealed class RepeatedHeaderTests
{
    private static readonly (string, string)[] Lines = [.. Enumerable.Range(1, 5).Select(n => ("x-amz-meta-key", $"value-{n}"))];

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 5)]
    [InlineData(false, 100_000)]
    [InlineData(true, 100_000)]
    public async Task The_lines_of_metadata_are_one_value(bool hasRemote, int size)
    {
        await using var store = await StoreServer.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, hasRemote ? remote.Endpoint : null);
        await proxy.SendAsync("PUT", "/bucket");
        var put = await proxy.Http.SendAsync("PUT", "/bucket/k", new byte[size], Lines);
        Assert.True(put.Status == 200, put.Text);
        Assert.Equal("value-1,value-2,value-3,value-4,value-5", (await proxy.SendAsync("HEAD", "/bucket/k")).Headers["x-amz-meta-key"]);
    }

    /// <summary>As the SDK for Go has it.</summary>
    [Fact]
    public async Task Attributes_may_be_named_on_a_line_each()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value");
        var response = await proxy.SendAsync("GET", "/bucket/k?attributes", null, ("x-amz-object-attributes", "ETag"),
            ("x-amz-object-attributes", "ObjectSize"));
        Assert.True(response.Status == 200, response.Text);
        Assert.Contains("<ETag>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<ObjectSize>5</ObjectSize>", response.Text, StringComparison.Ordinal);
    }

    /// <summary>The same for headers that the overlay adds: the remote may have sent them on several lines.</summary>
    [Fact]
    public async Task What_the_overlay_puts_is_signed_as_it_is_sent_too()
    {
        await using var store = await StoreServer.StartAsync();
        using var proxy = new StoreProxy(store.Endpoint);
        var http = new SignedHttp(store.Endpoint);
        await http.SendAsync("PUT", "/bucket");
        KeyValuePair<string, string>[] headers = [new("x-amz-meta-key", "1"), new("x-amz-meta-other", "o"), new("X-Amz-Meta-Key", "2"),
            new("x-amz-meta-last", "l"), new("x-amz-meta-key", "3")];
        Assert.True(await proxy.Calls.PutAsync("bucket", "k", WireBody.Of(new byte[] { 1 }), headers, default));
        var head = await http.SendAsync("HEAD", "/bucket/k");
        Assert.Equal(
            ("1,2,3", "o", "l"), (head.Headers["x-amz-meta-key"], head.Headers["x-amz-meta-other"], head.Headers["x-amz-meta-last"]));
    }
}
