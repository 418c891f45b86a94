using System.Text;

using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Net.Http.Headers;

using S3Overlay.Proxy.FrontDoor;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Settings of the web server, and the reason for each.</summary>
internal static class KestrelSettings
{
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    public static void Apply(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        kestrel.Configure(configuration.GetSection("Kestrel"));
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;

        // Behind a load balancer that ends TLS, and for absolute targets, the scheme in the request may differ from the connection's.
        kestrel.AllowAlternateSchemes = true;

        // Clients get header bytes back unchanged: Latin-1 maps every byte to one character.
        kestrel.RequestHeaderEncodingSelector = static name => name == HeaderNames.ContentLength ? ContentLengthEncoding.Instance
            : Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        // A line feed alone does not end a line. If two servers in a row disagree about where a header ends, an attacker can make them see
        // different requests.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var limits = kestrel.Limits;

        // The store limits the size of objects.
        limits.MaxRequestBodySize = null;

        // A key of 1024 bytes, each percent-encoded, in a presigned URL with a session token.
        limits.MaxRequestLineSize = 32 * 1024;

        // Far above S3's limit, so that requests above that one get S3's error (S3FrontDoor.Connection.cs). Requests above this one get a
        // bare 431.
        limits.MaxRequestHeadersTotalSize = 128 * 1024;
        limits.MaxRequestHeaderCount = 200;

        // A stalled upload keeps a part file open. S3 ends it with RequestTimeout after about 20 seconds, too.
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(30));

        // No minimum rate: players pause for long, and a slow reader does not delay others.
        limits.MinResponseDataRate = null;

        // One megabyte can be read from disk while the one before it is sent.
        limits.MaxResponseBufferSize = 2 * 1024 * 1024;
    }

    /// <summary>
    /// Sets what the runtime reads once, before the first socket exists, unless the environment does. Inline completions run a request on
    /// the thread that saw its socket become ready. They save 30 to 50 % of the CPU of a small request, because no thread has to be woken.
    /// In return, handlers must never block.
    /// </summary>
    public static void ApplyToProcess() => ApplyToProcess(Environment.GetEnvironmentVariable, static (name, value) =>
    {
        Environment.SetEnvironmentVariable(name, value);
        IsApplied = true;
    });

    /// <summary>Whether this process's environment has the variable from here. Processes that it starts should not inherit it.</summary>
    public static bool IsApplied { get; private set; }

    /// <summary>The same in a test's own environment.</summary>
    internal static void ApplyToProcess(Func<string, string?> get, Action<string, string> set)
    {
        if (get(InlineCompletions) is null)
        {
            set(InlineCompletions, "1");
        }
    }

    /// <summary>Requests run on the thread that received their bytes, as with <see cref="ApplyToProcess()"/>.</summary>
    public static void Apply(SocketTransportOptions sockets)
    {
        sockets.UnsafePreferInlineScheduling = true;
        sockets.IOQueueCount = 0;

        // Costs 16 KiB for each idle connection, and saves each request a system call.
        sockets.WaitForDataBeforeAllocatingBuffer = false;
    }
}
