using System.Diagnostics;
using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks;

/// <summary>
/// What a warm GET makes the proxy allocate, web server included: of an object written here and of one held, while nobody listens to spans and while somebody records
/// them all. The client allocates nothing for a request.
/// </summary>
public static class Allocations
{
    private const string Remote = "held";
    private const int WarmUps = 4_000;
    private const int Requests = 4_000;

    private static readonly Workload[] Workloads = [new("GET 1 KiB", "1k", 1 << 10), new("GET 1 MiB", "1m", 1 << 20)];

    /// <summary>Measures, and prints the table.</summary>
    public static async Task<int> RunAsync(ComparisonOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("s3overlay-bench-").FullName;
        try
        {
            await using var origin = await ProxyServer.StartAsync(folder, new Dictionary<string, string>(), options.Proxy, "remote");
            var port = ServerProcess.FreePort();
            await ProxyInProcess.StartAsync(port, options.Proxy, new Dictionary<string, string>
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
            await FillAsync(origin, Remote);
            await FillAsync(proxy, ProxyServer.Bucket);
            Console.WriteLine($"{Requests} requests each, one connection. Bytes allocated a request.");
            Console.WriteLine($"{"warm GET",-20} {"nobody listens",16} {"all recorded",16}");
            foreach (var bucket in (string[])[ProxyServer.Bucket, Remote])
            {
                foreach (var workload in Workloads)
                {
                    var request = proxy.Request(workload, 0, bucket);
                    var quiet = Measure(port, request);
                    using var listener = new ActivityListener
                    {
                        ShouldListenTo = source => source.Name.StartsWith("S3Overlay", StringComparison.Ordinal),
                        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                    };
                    ActivitySource.AddActivityListener(listener);
                    var traced = Measure(port, request);
                    var name = $"{workload.Name} {(bucket == Remote ? "held" : "written")}";
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {quiet,16:F0} {traced,16:F0}"));
                }
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task FillAsync(ProxyServer server, string bucket)
    {
        using var client = new HttpClient();
        await server.PutAsync(client, $"/{bucket}", new ByteArrayContent([]));
        foreach (var workload in Workloads)
        {
            await server.PutAsync(client, $"/{bucket}/{workload.Key}", new ByteArrayContent(new byte[workload.Size]));
        }
    }

    private static double Measure(int port, byte[] request)
    {
        using var connection = new LoadConnection(port);
        Repeat(connection, request, WarmUps);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Repeat(connection, request, Requests);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests;
    }

    private static void Repeat(LoadConnection connection, byte[] request, int times)
    {
        for (var i = 0; i < times; i++)
        {
            connection.Exchange(request);
        }
    }
}
