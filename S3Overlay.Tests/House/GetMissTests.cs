using System.Net.Sockets;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.House;

/// <summary>
/// Leaves only the lines of one signed GET miss in the coverage results, for the script that lists the types on that path.
/// </summary>
[NeedsCoverage]
public sealed class GetMissTests
{
    private static readonly byte[] Body = new byte[64 * 1024];

    [Fact]
    public async Task One_signed_GET_miss_runs_alone()
    {
        await using var remote = await LoopbackServer.StartAsync(RespondAsync);
        var host = await OverlayHost.StartEmbeddedAsync(remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        var hits = NeedsCoverageAttribute.Hits!;
        var (warmUp, measured) = (host.Http.Signed("GET", "/bucket/first"), host.Http.Signed("GET", "/bucket/second"));

        Assert.EndsWith(Encoding.Latin1.GetString(Body), await ReadAsync(host.Endpoint, warmUp), StringComparison.Ordinal);
        Array.Clear(hits);
        var response = await ReadAsync(host.Endpoint, measured);
        var ofOneMiss = hits.ToArray();
        await host.DisposeAsync();
        ofOneMiss.CopyTo(hits, 0);

        Assert.Contains("x-cache: MISS", response, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual(0, ofOneMiss.Max());
    }

    private static async Task RespondAsync(HttpContext context)
    {
        context.Response.Headers.ETag = "\"49cf1ce5a9a54a2e2b8e0c0e1a2b3c4d\"";
        context.Response.Headers.LastModified = "Wed, 01 Jan 2025 00:00:00 GMT";
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = Body.Length;
        await context.Response.Body.WriteAsync(Body);
    }

    /// <summary>Reads the response with no product code, and waits for the fill's last steps.</summary>
    private static async Task<string> ReadAsync(Uri endpoint, byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Host, endpoint.Port);
        await client.GetStream().WriteAsync(request);
        using var response = new MemoryStream();
        await client.GetStream().CopyToAsync(response);
        await Task.Delay(TimeSpan.FromSeconds(1));
        return Encoding.Latin1.GetString(response.ToArray());
    }

    /// <summary>Runs only under a coverage collector.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    private sealed class NeedsCoverageAttribute : NeedsAttribute
    {
        /// <summary>The collector's counters in the product; null without a collector.</summary>
        public static int[]? Hits { get; } = typeof(S3Request).Assembly.GetTypes()
            .FirstOrDefault(static type => type.Namespace == "Coverlet.Core.Instrumentation.Tracker")?
            .GetField("HitsArray")?.GetValue(null) as int[];

        public override string? Missing => Hits is null ? "Runs in .ci/get-miss-types, under a coverage collector." : null;
    }
}
