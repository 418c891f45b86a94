using System.Text;

using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Net.Http.Headers;

using S3Overlay.Proxy.FrontDoor;

namespace S3Overlay.Proxy.Hosting;

/// <summary>How the web server is set up, and why.</summary>
internal static class KestrelSettings
{
    public static void Apply(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        kestrel.Configure(configuration.GetSection("Kestrel"));
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;

        // Behind a load balancer that ends TLS, and for absolute targets, the scheme in the request may differ from the connection's.
        kestrel.AllowAlternateSchemes = true;

        // Header bytes come back to clients as they were sent; Latin-1 is the one encoding that keeps each byte.
        kestrel.RequestHeaderEncodingSelector = static name => name == HeaderNames.ContentLength ? ContentLengthEncoding.Instance
            : Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        // A line feed alone ends no line: two servers in a row that disagree about where a header ends can be made to see two different
        // requests.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var limits = kestrel.Limits;

        // The size of an object is the store's matter.
        limits.MaxRequestBodySize = null;

        // A key of 1024 bytes, each percent-encoded, in a presigned URL with a session token.
        limits.MaxRequestLineSize = 32 * 1024;

        // Far more than S3 allows: what is above S3's limit is answered with S3's error (HeaderSection), what is above this with a bare
        // 431.
        limits.MaxRequestHeadersTotalSize = 128 * 1024;
        limits.MaxRequestHeaderCount = 200;

        // An upload that has stopped holds a part file open: S3 ends it with RequestTimeout after some 20 seconds, too.
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(30));

        // Players pause for as long as they like, and a slow reader delays no other: there is no minimum rate.
        limits.MinResponseDataRate = null;

        // Lets a megabyte be read from disk while the one before it is on its way.
        limits.MaxResponseBufferSize = 2 * 1024 * 1024;
    }

    /// <summary>Requests run on the thread that saw their bytes come in: see <see cref="ProcessSettings"/>.</summary>
    public static void Apply(SocketTransportOptions sockets)
    {
        sockets.UnsafePreferInlineScheduling = true;
        sockets.IOQueueCount = 0;

        // A connection that waits for its next request holds 4 KiB, and spares itself the system call that asks whether there is anything
        // to read.
        sockets.WaitForDataBeforeAllocatingBuffer = false;
    }
}
