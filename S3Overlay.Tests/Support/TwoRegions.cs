using System.Globalization;
using System.Net;
using System.Net.Sockets;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The regions of AWS: two stores with their own host names, each of which refuses the buckets of the other. Buckets whose names
/// begin with <c>far</c> are in eu-west-1, all others in us-east-1. Signatures are checked, with the region in their scope.
/// </summary>
internal sealed class TwoRegions : IAsyncDisposable
{
    private TwoRegions(StoreServer home, StoreServer far) => (Home, Far) = (home, far);

    /// <summary>The store in us-east-1.</summary>
    public StoreServer Home { get; }

    /// <summary>The store in eu-west-1.</summary>
    public StoreServer Far { get; }

    /// <summary>The first region's refusal: the status, the code, and whether a header and the document name the region.</summary>
    public (int Status, string Code, bool InHeader, bool InDocument) Refusal { get; set; } = (301, "PermanentRedirect", true, false);

    /// <summary>The region that refusals name.</summary>
    public string Named { get; set; } = "eu-west-1";

    /// <summary>How many HEADs of buckets are throttled before one succeeds.</summary>
    public int Throttles { get; set; }

    /// <summary>How many bytes of a body are read before it is refused.</summary>
    public int ReadFirst { get; set; }

    /// <summary>A machine on whose network the names of AWS lead here.</summary>
    public Machine Machine => new() { Connect = ConnectAsync };

    /// <summary>The endpoint of us-east-1.</summary>
    public static Uri Endpoint { get; } = new("http://s3.us-east-1.amazonaws.com");

    public static async Task<TwoRegions> StartAsync()
    {
        var home = await StoreServer.StartAsync(null, ("S3_OVERLAY_REGION", "us-east-1"),
            ("S3_OVERLAY_DOMAIN", "s3.us-east-1.amazonaws.com"));
        var far = await StoreServer.StartAsync(null, ("S3_OVERLAY_REGION", "eu-west-1"),
            ("S3_OVERLAY_DOMAIN", "s3.eu-west-1.amazonaws.com"));
        var regions = new TwoRegions(home, far);
        home.Take = context => IsFar(context.Request) ? regions.RefuseAsync(context) : null;
        far.Take = context => IsFar(context.Request) ? null : ScriptedRemote.RespondErrorAsync(context, 301, "PermanentRedirect");
        return regions;
    }

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        await Far.DisposeAsync();
    }

    private static bool IsFar(HttpRequest request) => request.Host.Host.StartsWith("far", StringComparison.Ordinal)
        || request.Path.Value!.StartsWith("/far", StringComparison.Ordinal);

    private async Task RefuseAsync(HttpContext context)
    {
        if (ReadFirst > 0)
        {
            await context.Request.Body.ReadExactlyAsync(new byte[ReadFirst], context.RequestAborted);
        }

        var (status, code, inHeader, inDocument) = Refusal;
        var isAboutBucket = HttpMethods.IsHead(context.Request.Method) && context.Request.Path == "/";
        if (isAboutBucket && Throttles > 0)
        {
            Throttles--;
            context.Response.StatusCode = 503;
            return;
        }

        context.Response.StatusCode = status;
        if (inHeader || isAboutBucket)
        {
            context.Response.Headers["x-amz-bucket-region"] = Named;
        }

        if (status is 301 or 307)
        {
            context.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture,
                $"http://far.s3.eu-west-1.amazonaws.com{context.Request.Path}");
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.WriteAsync($"<Error><Code>{code}</Code>{(inDocument ? $"<Region>{Named}</Region>" : "")}</Error>",
                context.RequestAborted);
        }
    }

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        var server = host.Host.EndsWith("s3.eu-west-1.amazonaws.com", StringComparison.Ordinal) ? Far
            : host.Host.EndsWith("s3.us-east-1.amazonaws.com", StringComparison.Ordinal) || host.Host == "s3.amazonaws.com" ? Home
            : host.Host.EndsWith(".amazonaws.com", StringComparison.Ordinal) ? throw new SocketException((int)SocketError.HostNotFound)
            : null;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server?.Endpoint.Host ?? host.Host, server?.Endpoint.Port ?? host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
