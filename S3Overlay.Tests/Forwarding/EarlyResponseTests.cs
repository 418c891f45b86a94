using System.Text;

using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A store that responds before it has the whole body and closes the connection at once. The Versity gateway does this when it refuses by
/// headers. The client gets that response.
/// </summary>
[Trait("Rule", "T3")]
public sealed class EarlyResponseTests
{
    private const string Document = "<Error><Code>NoSuchBucket</Code><Message>The store's own words.</Message></Error>";

    /// <summary>More than the sockets on the way buffer, and less; with and without an interim response.</summary>
    [Theory]
    [InlineData(16 << 20, true)]
    [InlineData(16 << 20, false)]
    [InlineData(100_000, true)]
    [InlineData(10, false)]
    public async Task It_reaches_the_client(int size, bool goesOn)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        store.Take = context => context.Request.Method == "PUT" && context.Request.Path == "/bucket/refused"
            ? RespondAndCloseAsync(context, goesOn) : null;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var response = await proxy.SendAsync("PUT", "/bucket/refused", new string('x', size));
            Assert.Equal((404, "NoSuchBucket"), (response.Status, response.Code));
            Assert.Contains("The store's own words.", response.Text, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        Assert.Equal("value", (await proxy.SendAsync("GET", "/bucket/k")).Text);
    }

    /// <summary>A write to a bucket with a remote is sent by the overlay. The store's refusal reaches the client in the same way.</summary>
    [Fact]
    public async Task In_a_bucket_with_a_remote_it_reaches_the_client_too()
    {
        await using var scene = await StoreScene.StartAsync();
        await scene.Proxy.SendAsync("PUT", "/bucket");
        scene.Store.Take = context => context.Request.Method == "PUT" && context.Request.Path == "/bucket/refused"
            ? RespondAndCloseAsync(context, true, "400 Bad Request", "<Error><Code>KeyTooLongError</Code><Message>m</Message></Error>")
            : null;
        var response = await scene.Proxy.SendAsync("PUT", "/bucket/refused", new string('x', 16 << 20));
        Assert.Equal((400, "KeyTooLongError"), (response.Status, response.Code));
    }

    /// <summary>A connection closed without a response is still a store that did not respond.</summary>
    [Theory]
    [InlineData(100_000)]
    [InlineData(10)]
    public async Task A_connection_that_closes_without_a_response_is_an_error(int size)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        store.Take = context => context.Request.Method == "PUT" && context.Request.Path == "/bucket/refused"
            ? RespondAndCloseAsync(context, true, null) : null;
        var response = await proxy.SendAsync("PUT", "/bucket/refused", new string('x', size));
        Assert.Equal((503, "ServiceUnavailable"), (response.Status, response.Code));
        Assert.Equal(404, (await proxy.SendAsync("HEAD", "/bucket/refused")).Status);
    }

    private static async Task RespondAndCloseAsync(HttpContext context, bool goesOn, string? status = "404 Not Found",
        string document = Document)
    {
        var socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
        var response = (goesOn ? "HTTP/1.1 100 Continue\r\n\r\n" : "")
            + (status is null ? ""
                : $"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {document.Length}\r\nConnection: close\r\n\r\n"
                    + document);
        await socket.SendAsync(Encoding.ASCII.GetBytes(response));

        // With a reset, like a socket that closes with unread bytes.
        socket.LingerState = new(true, 0);
        socket.Close();
    }
}
