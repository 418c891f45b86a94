using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// Varnish in front of the test remote, with its cache in memory: it streams a miss to all who want it while it is fetched.
/// </summary>
public sealed class VarnishServer : IServerUnderTest
{
    private readonly ServerProcess _process;

    private VarnishServer(ServerProcess process, int port) => (_process, Port) = (process, port);

    public string Name => "varnish";

    public int Port { get; }

    /// <summary>Whether Varnish is installed.</summary>
    public static bool IsInstalled => File.Exists(Binary);

    private static string Binary => "/usr/sbin/varnishd";

    /// <summary>Starts it in front of a server on a loopback port.</summary>
    /// <param name="folder">For its own files.</param>
    /// <param name="upstream">The port of that server.</param>
    public static async Task<VarnishServer> StartAsync(string folder, int upstream)
    {
        var port = ServerProcess.FreePort();
        var configuration = Path.Combine(folder, $"varnish-{port}.vcl");
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            vcl 4.1;
            backend remote { .host = "127.0.0.1"; .port = "{{upstream}}"; }
            sub vcl_backend_response { set beresp.ttl = 1h; }
            """));
        string[] arguments =
        [
            "-F", "-j", "none", "-n", Path.Combine(folder, $"varnish-{port}"), "-a", $"127.0.0.1:{port}", "-f", configuration,
            "-s", "malloc,4G",
            "-p", "thread_pools=1", "-p", "nuke_limit=10000000", "-p", "timeout_idle=3600",
        ];
        return new VarnishServer(await ServerProcess.StartAsync(port, Binary, arguments, new Dictionary<string, string>()), port);
    }

    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    public TimeSpan Cpu() => _process.Cpu();

    public long Resident() => _process.Resident();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
