using System.Diagnostics;
using System.Globalization;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks;

/// <summary>The proxy and others side by side: interleaved rounds, so that a machine whose speed drifts is fair to both; medians of the rounds.</summary>
public static class Comparison
{
    /// <summary>Runs it and prints the table.</summary>
    public static async Task<int> RunAsync(ComparisonOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("The comparison reads the kernel's accounting under /proc and pins processes with taskset: it runs on Linux only.");
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("s3overlay-bench-").FullName;
        try
        {
            var files = MakeFiles(folder);
            await using var upstream = options.Forwards && NginxServer.IsInstalled ? await NginxServer.StartAsync(folder, processor: 1) : null;
            Task<ProxyServer> StartAsync(string? build, string name) => upstream is null
                ? ProxyServer.StartAsync(folder, files, build, name)
                : ProxyServer.StartForwardingAsync(folder, upstream.Port, build, name);

            await using var proxy = await StartAsync(options.Proxy, "proxy");
            await using IServerUnderTest? other = options.Against is { } build ? await StartAsync(build, "other")
                : NginxServer.IsInstalled ? await NginxServer.StartAsync(folder, upstream?.Port)
                : null;
            await using var plain = options.Against is null && upstream is not null ? await PlainCopyServer.StartAsync(upstream.Port) : null;
            if (other is null && options.Forwards)
            {
                Console.Error.WriteLine("Handing on is measured in front of nginx, which is not installed.");
                return 1;
            }

            if (other is null)
            {
                Console.WriteLine("nginx is not installed: the proxy is measured alone.");
            }

            if (Environment.ProcessorCount > 1)
            {
                Process.GetCurrentProcess().ProcessorAffinity = 2;
            }

            List<IServerUnderTest> servers = [.. ((IServerUnderTest?[])[proxy, other, plain]).OfType<IServerUnderTest>()];
            PrintHead(options);
            foreach (var workload in Workload.All.Where(w => options.Only is null || w.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
            {
                foreach (var connections in options.Connections)
                {
                    Compare(servers, workload, connections, options);
                }
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private const int WarmUps = 4;

    private static void Compare(List<IServerUnderTest> servers, Workload workload, int connections, ComparisonOptions options)
    {
        var requests = servers.ConvertAll(server => server.Requests(workload));
        var results = servers.ConvertAll(_ => new List<Measurement>());
        for (var round = -WarmUps; round < options.Rounds; round++)
        {
            for (var i = 0; i < servers.Count; i++)
            {
                // The first rounds warm up, and are thrown away: the runtime compiles hot code anew for some seconds, on the very processor that is measured.
                var result = LoadGenerator.Run(servers[i].Port, connections, requests[i], options.Duration, servers[i].Cpu);
                if (round >= 0)
                {
                    results[i].Add(result);
                }
            }
        }

        for (var i = 0; i < servers.Count; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{workload.Name,-14} {connections,3} {servers[i].Name,-8} {Median(results[i], m => m.RequestsPerSecond),11:F0} {Median(results[i], m => m.MegabytesPerSecond),9:F0} {Median(results[i], m => m.CpuMicrosecondsPerRequest),12:F1} {Median(results[i], m => m.CpuSecondsPerGiB),11:F3}"));
        }

        for (var i = 1; i < servers.Count; i++)
        {
            var speed = Ratio(results[0], results[i], m => m.RequestsPerSecond);
            var cost = Ratio(results[i], results[0], m => m.CpuMicrosecondsPerRequest);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{"",-14} {"",3} {"ratio",-8} {speed,10:F2}x {speed,8:F2}x {cost,11:F2}x   (work per processor second, proxy to {servers[i].Name})"));
        }
    }

    private static double Median(IEnumerable<Measurement> measurements, Func<Measurement, double> figure) => Median(measurements.Select(figure));

    /// <summary>The median of the rounds' own ratios: neighbours in time are compared, not averages.</summary>
    private static double Ratio(List<Measurement> above, List<Measurement> below, Func<Measurement, double> figure) =>
        Median(above.Zip(below, (a, b) => figure(a) / figure(b)));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static Dictionary<string, string> MakeFiles(string folder)
    {
        var random = new Random(1);
        var files = new Dictionary<string, string>();
        Directory.CreateDirectory(Path.Combine(folder, "files", ProxyServer.Bucket));
        foreach (var workload in Workload.All.DistinctBy(w => w.Key))
        {
            var path = Path.Combine(folder, "files", ProxyServer.Bucket, workload.Key);
            var bytes = new byte[workload.Size];
            random.NextBytes(bytes);
            File.WriteAllBytes(path, bytes);
            files[workload.Key] = path;
        }

        return files;
    }

    private static void PrintHead(ComparisonOptions options)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Rounds} rounds of {options.Duration.TotalSeconds:F0} s each, in turn; medians. Server on processor 0, load from processor 1."));
        Console.WriteLine($"{"workload",-14} {"c",3} {"server",-8} {"requests/s",11} {"MB/s",9} {"CPU us/req",12} {"CPU s/GiB",11}");
    }
}
