using System.Diagnostics;

using Amazon.S3;

namespace S3Overlay.Tests.Support.Ceph;

/// <summary>
/// A Ceph object gateway from the distribution's packages on a loopback port: a real S3 server of the kind many providers run.
/// </summary>
public sealed class CephGateway : IAsyncDisposable
{
    /// <summary>Its one user's key.</summary>
    public const string AccessKey = "accesskey";

    /// <summary>Its one user's secret.</summary>
    public const string SecretKey = "secretkey";

    private static int _nextPort = 17470;

    private readonly string _folder;

    private CephGateway(string folder, int port) => (_folder, Port) = (folder, port);

    public int Port { get; }

    public Uri Endpoint => new($"http://127.0.0.1:{Port}");

    /// <summary>Settings for a proxy that uses it as the writable layer. Clients of the proxy have another key.</summary>
    public (string Name, string Value)[] AsLocal =>
    [
        ("S3_OVERLAY_LOCAL_ENDPOINT", Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_LOCAL_ACCESS_KEY", AccessKey),
        ("S3_OVERLAY_LOCAL_SECRET_KEY", SecretKey),
        ("S3_OVERLAY_ACCESS_KEY", "minioadmin"), ("S3_OVERLAY_SECRET_KEY", "minioadmin"), ("S3_OVERLAY_CORS", "true"),
    ];

    /// <summary>Why it cannot be started here, or null.</summary>
    public static string? Missing =>
        Environment.GetEnvironmentVariable("S3OVERLAY_TEST_CEPH") != "1" ? "Ceph is started where S3OVERLAY_TEST_CEPH=1."
        : Commands.All(S3Tool.IsInstalled) ? null
        : "The packages ceph-mon, ceph-osd and radosgw are not installed.";

    private static readonly string[] Commands = ["radosgw", "ceph-mon", "ceph-osd"];

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Servers", name);

    /// <summary>Starts it in a folder; its data stays in memory.</summary>
    public static async Task<CephGateway> StartAsync(string folder)
    {
        var port = PortPair();
        var gateway = new CephGateway(folder, port);
        await RunAsync(Script("ceph-rgw-start.sh"), port.ToString(System.Globalization.CultureInfo.InvariantCulture), folder, AccessKey,
            SecretKey);
        await gateway.MakePoolsAsync();
        return gateway;
    }

    public AmazonS3Client CreateClient() => S3Clients.CreateForStore(Endpoint, AccessKey, SecretKey);

    public async ValueTask DisposeAsync() => await RunAsync(Script("ceph-rgw-stop.sh"), _folder);

    /// <summary>The gateway makes its pools at the first bucket, and may fail while it does.</summary>
    private async Task MakePoolsAsync()
    {
        using var client = CreateClient();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await client.PutBucketAsync("the-first-bucket");
                await client.DeleteBucketAsync("the-first-bucket");
                return;
            }
            catch (Exception failure) when (attempt < 20 && failure is AmazonS3Exception or HttpRequestException)
            {
                await Task.Delay(500);
            }
        }
    }

    /// <summary>
    /// The gateway takes a port and its monitor the next one, both named before they are bound: no pair is given out twice, or two classes
    /// of tests that begin together would take the same.
    /// </summary>
    private static int PortPair()
    {
        for (var port = Interlocked.Add(ref _nextPort, 10); port < 18480; port = Interlocked.Add(ref _nextPort, 10))
        {
            if (IsFree(port) && IsFree(port + 1))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No two neighbouring ports are free.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string script, params string[] arguments)
    {
        // The daemons inherit the output streams and keep them open, so their output is not redirected.
        var start = new ProcessStartInfo("bash") { UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec bash \"$@\" >\"$log\" 2>&1");
        start.ArgumentList.Add("sh");
        var log = Path.Combine(Path.GetTempPath(), $"s3overlay-ceph-{Guid.NewGuid():N}.log");
        start.ArgumentList.Add(log);
        start.ArgumentList.Add(script);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["OSD_STORE"] = "memstore";
        start.Environment["OSD_GB"] = "4";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        var said = await File.ReadAllTextAsync(log);
        File.Delete(log);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(script)} failed:\n{said}");
        }
    }
}
