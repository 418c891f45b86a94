using System.Globalization;

using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>
/// The proxy beside nginx, in interleaved rounds: a machine whose speed drifts affects both. Results are medians of the rounds.
/// </summary>
public static class BesideNginx
{
    private const int WarmUps = 4;

    /// <summary>The proxy with its own store, nginx with files.</summary>
    public static async Task<int> CompareAsync(Options options)
    {
        await using var site = await Site.PrepareAsync(options.Delay);
        var workloads = options.Choose(Rows.All);
        await using var build = new ProxyBuild("proxy", options.Proxy, site.Folder, site.Remote, workloads);
        await build.StartAsync();
        var opponents = await StartOpponentsAsync(site, workloads);
        try
        {
            await RunAsync(site, options, workloads, workload =>
                [build.For(workload), .. opponents.Where(some => workload.Beside.HasFlag(some.Key)).SelectMany(static some => some.Value)]);
            return 0;
        }
        finally
        {
            await DisposeAsync(opponents.Values.SelectMany(static servers => servers));
        }
    }

    /// <summary>Starts those that the workloads are measured beside, as far as they are installed.</summary>
    private static async Task<SortedDictionary<Opponents, List<IServerUnderTest>>> StartOpponentsAsync(
        Site site, IReadOnlyList<Workload> workloads)
    {
        var wanted = workloads.Aggregate(Opponents.None, static (all, workload) => all | workload.Beside);
        var started = new SortedDictionary<Opponents, List<IServerUnderTest>>();
        if (wanted.HasFlag(Opponents.Direct))
        {
            started[Opponents.Direct] = [new DirectReaders(site.Remote)];
        }

        if (wanted.HasFlag(Opponents.Varnish) && VarnishServer.IsInstalled)
        {
            started[Opponents.Varnish] = [await VarnishServer.StartAsync(site.Folder, site.Remote.Port)];
        }

        if (NginxServer.IsInstalled)
        {
            if (wanted.HasFlag(Opponents.Files))
            {
                await site.WriteFilesAsync(ObjectsOf(workloads));
                started[Opponents.Files] =
                    [await NginxServer.ServeFilesAsync(site.Folder, false), await NginxServer.ServeFilesAsync(site.Folder, true)];
            }

            if (wanted.HasFlag(Opponents.Dav))
            {
                started[Opponents.Dav] = [await NginxServer.StoreFilesAsync(site.Folder)];
            }

            if (wanted.HasFlag(Opponents.Slices))
            {
                started[Opponents.Slices] = [await NginxServer.CacheSlicesAsync(site.Folder, site.Remote.Port)];
            }
        }

        if (!NginxServer.IsInstalled || (wanted.HasFlag(Opponents.Varnish) && !VarnishServer.IsInstalled))
        {
            Console.WriteLine("nginx or Varnish is not installed: rows beside it show the proxy alone.");
        }

        return started;
    }

    /// <summary>Both, and a plain forwarder, in front of an nginx with the files.</summary>
    public static async Task<int> ForwardAsync(Options options)
    {
        await using var site = await Site.PrepareAsync();
        if (!NginxServer.IsInstalled)
        {
            throw new ArgumentException("Forwarding is measured in front of nginx, which is not installed.");
        }

        var workloads = options.Choose(Rows.All.Where(workload => workload.IsOfFiles));
        await site.WriteFilesAsync(ObjectsOf(workloads));
        await using var upstream = await NginxServer.ServeFilesAsync(site.Folder, processor: 1);
        List<IServerUnderTest> servers = [await ForwardingAsync("proxy", options.Proxy)];
        servers.AddRange(options.Against is { } other
            ? [await ForwardingAsync("other", other)]
            : [await NginxServer.ForwardAsync(site.Folder, upstream.Port), await PlainForwarderServer.StartAsync(upstream.Port)]);
        try
        {
            await RunAsync(site, options, workloads, _ => servers);
            return 0;
        }
        finally
        {
            await DisposeAsync(servers);
        }

        Task<ProxyServer> ForwardingAsync(string name, string? build) => ProxyServer.StartAsync(name, build, new Dictionary<string, string>
        {
            ["S3_OVERLAY_SPOOL_DIR"] = Path.Combine(site.Folder, "spool-" + name),
            ["S3_OVERLAY_LOCAL_ENDPOINT"] = FormattableString.Invariant($"http://127.0.0.1:{upstream.Port}"),
        });
    }

    private static IEnumerable<StoredObjects> ObjectsOf(IEnumerable<Workload> workloads) =>
        workloads.Where(workload => workload.IsOfFiles).Select(workload => workload.Objects!).Distinct();

    private static async Task RunAsync(Site site, Options options, IReadOnlyList<Workload> workloads, Func<Workload,
        List<IServerUnderTest>> serversFor)
    {
        var duration = options.Duration ?? TimeSpan.FromSeconds(3);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Rounds} rounds of {duration.TotalSeconds} s each, in turn; medians. Server on processor 0, load from processor 1."));
        Console.WriteLine(
            $"{"workload",-26} {"c",3} {"server",-9} {"requests/s",11} {"MB/s",9} {"CPU us/req",12} {"CPU s/GiB",11} "
            + $"{"remote KiB/req",15} {"first byte ms",14} {"resident MB",12}");
        foreach (var workload in workloads)
        {
            foreach (var connections in options.ConnectionsOf(workload))
            {
                await CompareAsync(site, options.Rounds, duration, workload, connections, serversFor(workload));
            }
        }
    }

    private static async Task CompareAsync(Site site, int rounds, TimeSpan duration, Workload workload, int connections,
        List<IServerUnderTest> servers)
    {
        var contestants = servers.ConvertAll(server => new Contestant(server, workload, connections, site.Remote));
        var results = servers.ConvertAll(_ => new List<Measurement>());
        for (var round = -WarmUps; round < rounds; round++)
        {
            for (var i = 0; i < servers.Count; i++)
            {
                // The first rounds only warm up: for some seconds the runtime recompiles hot code on the measured processor.
                var result = await contestants[i].MeasureAsync(duration);
                if (round >= 0)
                {
                    results[i].Add(result);
                }
            }
        }

        contestants.ForEach(contestant => contestant.Dispose());
        for (var i = 0; i < servers.Count; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{workload.Name,-26} {connections,3} {servers[i].Name,-9} {Median(results[i], m => m.RequestsPerSecond),11:F0} "
                + $"{Median(results[i], m => m.MegabytesPerSecond),9:F0} {Median(results[i], m => m.CpuMicrosecondsPerRequest),12:F1} "
                + $"{CpuPerGiB(results[i]),11} {Median(results[i], m => m.RemoteKibibytesPerRequest),15:F1} "
                + $"{Median(results[i], m => m.FirstByte),14:F2} {results[i].Max(m => m.Resident) / 1e6,12:F0}"));
        }

        for (var i = 1; i < servers.Count; i++)
        {
            var speed = Ratio(results[0], results[i], m => m.RequestsPerSecond);
            var cost = Ratio(results[i], results[0], m => m.CpuMicrosecondsPerRequest);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{"",-26} {"",3} {"ratio",-9} {speed,10:F2}x {speed,8:F2}x {cost,11:F2}x   "
                + $"(work per processor second, proxy to {servers[i].Name})"));
        }
    }

    private static double Median(IEnumerable<Measurement> measurements, Func<Measurement, double> figure) =>
        Statistics.Median(measurements.Select(figure));

    private static string CpuPerGiB(List<Measurement> results) =>
        results[0].Bytes == 0 ? "-" : Median(results, m => m.CpuSecondsPerGiB).ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>The median of the ratios of each round, which compares measurements that ran close together.</summary>
    private static double Ratio(List<Measurement> above, List<Measurement> below, Func<Measurement, double> figure) =>
        Statistics.Median(above.Zip(below, (a, b) => figure(a) / figure(b)));

    private static async Task DisposeAsync(IEnumerable<IServerUnderTest> servers)
    {
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }
}
