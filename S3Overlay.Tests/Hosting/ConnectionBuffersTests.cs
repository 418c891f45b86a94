using System.Globalization;
using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Hosting;

public sealed class ConnectionBuffersTests
{
    private const int BodySize = 256 * 1024;

    [Fact]
    public async Task A_body_is_received_in_pieces_of_a_whole_buffer()
    {
        await using var app = await StartAsync(async context =>
        {
            var body = (await context.Request.BodyReader.ReadAtLeastAsync(BodySize, context.RequestAborted)).Buffer;
            var longest = 0;
            foreach (var piece in body)
            {
                longest = Math.Max(longest, piece.Length);
            }

            context.Request.BodyReader.AdvanceTo(body.End);
            await context.Response.WriteAsync(longest.ToString(CultureInfo.InvariantCulture));
        });
        using var client = new HttpClient();

        using var response = await client.PutAsync(AddressOf(app), new ByteArrayContent(new byte[BodySize]));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            ConnectionBuffers.BufferSize, int.Parse(await response.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_returned_buffer_is_used_again_and_no_two_callers_share_one()
    {
        using var pool = new ConnectionBuffers.Factory().Create();
        using var first = pool.Rent();
        var second = pool.Rent(4096);
        Assert.Equal(ConnectionBuffers.BufferSize, second.Memory.Length);
        Assert.False(first.Memory.Equals(second.Memory));

        var memory = second.Memory;
        second.Dispose();

        Assert.True(pool.Rent().Memory.Equals(memory));
        Assert.False(pool.Rent().Memory.Equals(memory));
    }

    [Fact]
    public void A_burst_of_connections_leaves_a_bounded_number_of_buffers()
    {
        using var pool = new ConnectionBuffers.Factory().Create();
        var burst = Enumerable.Range(0, 2 * ConnectionBuffers.MostKept).Select(_ => pool.Rent()).ToList();
        burst.ForEach(static buffer => buffer.Dispose());

        var again = Enumerable.Range(0, burst.Count).Select(_ => pool.Rent()).ToHashSet();

        Assert.Equal(ConnectionBuffers.MostKept, burst.Count(again.Contains));
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate handler)
    {
        var builder = ProxyBuilder.FromSettings([new("urls", "http://127.0.0.1:0")]);
        ProxyBuilder.Configure(builder, ProxyOptionsReader.Read(builder.Configuration, new()));
        var app = builder.Build();
        app.Run(handler);
        await app.StartAsync();
        return app;
    }

    private static string AddressOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
}
