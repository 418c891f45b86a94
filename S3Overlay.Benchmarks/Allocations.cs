using System.Diagnostics;
using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>
/// Allocations per cached or local GET, web server included, with spans off and with all spans recorded. The client allocates nothing per
/// request.
/// </summary>
public static class Allocations
{
    private const string Remote = "held";
    private const int WarmUps = 4_000;
    private const int Requests = 4_000;

    private static readonly (string Name, StoredObjects Object)[] Reads =
        [("GET 1 KiB", new("1k", 1 << 10)), ("GET 1 MiB", new("1m", 1 << 20))];

    /// <summary>Measures, and prints the table.</summary>
    public static async Task<int> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("s3overlay-bench-").FullName;
        try
        {
            await using var origin = await ProxyServer.StartAsync("remote", options.Proxy, new Dictionary<string,
                string> { ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "remote") });
            var port = ServerProcess.FreePort();
            await ProxyInProcess.StartAsync(port, options.Proxy is { } build ? ProxyServer.ProgramOf(build)
                : null, new Dictionary<string, string>
            {
                ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "data"),
                ["S3_OVERLAY_CACHE_ENABLED"] = "true",
                ["S3_OVERLAY_CHUNK_THRESHOLD"] = "512KiB",
                ["S3_OVERLAY_CHUNK_SIZE"] = "256KiB",
                ["S3_OVERLAY_REMOTE_ENDPOINT"] = FormattableString.Invariant($"http://127.0.0.1:{origin.Port}"),
                ["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = "minioadmin",
                ["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = "minioadmin",
            });
            var proxy = ProxyServer.At(port);
            origin.Fill(Remote, Reads.Select(read => read.Object));
            proxy.Fill(ProxyServer.Bucket, Reads.Select(read => read.Object));
            Console.WriteLine($"{Requests} requests each, one connection. Bytes allocated a request.");
            Console.WriteLine($"{"warm GET",-20} {"spans off",16} {"all recorded",16}");
            foreach (var bucket in (string[])[ProxyServer.Bucket, Remote])
            {
                foreach (var (name, stored) in Reads)
                {
                    var request = proxy.Request(bucket, new("GET", stored.Key(0)));
                    var quiet = Measure(port, request);
                    using var listener = new ActivityListener
                    {
                        ShouldListenTo = source => source.Name.StartsWith("S3Overlay", StringComparison.Ordinal),
                        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                    };
                    ActivitySource.AddActivityListener(listener);
                    var traced = Measure(port, request);
                    var row = $"{name} {(bucket == Remote ? "cached" : "written")}";
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row,-20} {quiet,16:F0} {traced,16:F0}"));
                }
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Measure(int port, LoadRequest request)
    {
        using var connection = new LoadConnection(port);
        Repeat(connection, request, WarmUps);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Repeat(connection, request, Requests);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests;
    }

    private static void Repeat(LoadConnection connection, LoadRequest request, int times)
    {
        for (var i = 0; i < times; i++)
        {
            connection.Exchange(request);
        }
    }
}
