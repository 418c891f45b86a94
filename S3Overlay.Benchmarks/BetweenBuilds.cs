using System.Globalization;

using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>
/// Two builds of the proxy, measured in pairs that alternate their order. A row that looks worse is measured again with new processes, and
/// counts only if it is worse again: of forty figures with 95 % intervals, one looks worse by chance in most runs, and two processes of
/// the same build differ in speed.
/// </summary>
public sealed class BetweenBuilds
{
    private const int WarmUps = 6;

    /// <summary>
    /// Each measurement consists of this many short ones that alternate with the other build's, so that other load affects both.
    /// </summary>
    private const int Slices = 5;

    private static readonly (string Name, Func<Measurement, double> Of)[] Figures =
    [
        ("time", static m => m.MicrosecondsPerRequest),
        ("CPU", static m => m.CpuMicrosecondsPerRequest),
        ("remote", static m => m.RemoteKibibytesPerRequest),
    ];

    private readonly Site _site;
    private readonly ProxyBuild[] _builds;
    private readonly int _pairs;
    private readonly TimeSpan _duration;

    private BetweenBuilds(Site site, ProxyBuild[] builds, int pairs, TimeSpan duration) =>
        (_site, _builds, _pairs, _duration) = (site, builds, pairs, duration);

    /// <summary>Compares the build of the options with the other one.</summary>
    /// <returns>The exit code: 1 if a row is worse.</returns>
    public static async Task<int> RunAsync(Options options)
    {
        await using var site = await Site.PrepareAsync(options.Delay);
        var workloads = options.Choose(Rows.All);
        var old = ProxyServer.ProgramOf(options.Against);
        await using var newBuild = new ProxyBuild("new", options.Proxy, site.Folder, site.Remote, workloads);
        await using var oldBuild = new ProxyBuild("old", old, site.Folder, site.Remote, workloads);
        var comparison = new BetweenBuilds(site, [newBuild, oldBuild], options.Pairs, options.Duration ?? TimeSpan.FromSeconds(0.5));
        return await comparison.RunAsync(
            [.. workloads.SelectMany(workload => options.ConnectionsOf(workload).Select(connections => (workload, connections)))]);
    }

    private async Task<int> RunAsync(List<(Workload Workload, int Connections)> rows)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_pairs} pairs of {_duration.TotalSeconds} s each. Ratios are new to old: above 1, the new build needs more. "
            + $"Median [95 % interval of the sign test]."));
        Console.WriteLine(
            $"{"workload",-26} {"c",3}  {"time/request, new",17} {"ratio",-22}  {"CPU/request, new",17} {"ratio",-22}  "
            + $"{"remote/request",14} {"ratio",-22}  verdict");
        var verdicts = await MeasureAsync(rows);
        var suspects = rows.Where(row => verdicts[row] == Verdict.Worse).ToList();
        if (suspects.Count > 0)
        {
            Console.WriteLine("Measured again with new processes, because they look worse:");
            foreach (var (row, verdict) in await MeasureAsync(suspects))
            {
                verdicts[row] = verdict == Verdict.Worse ? Verdict.Worse : Verdict.Unclear;
            }
        }

        var count = verdicts.Values.CountBy(verdict => verdict).ToDictionary();
        Console.WriteLine(
            $"worse: {count.GetValueOrDefault(Verdict.Worse)}; no worse by more than 3 %: {count.GetValueOrDefault(Verdict.NoWorse)}; "
            + $"unclear: {count.GetValueOrDefault(Verdict.Unclear)} "
            + "(more --pairs, longer --seconds or a quieter machine narrow the interval)");
        return count.ContainsKey(Verdict.Worse) ? 1 : 0;
    }

    private async Task<Dictionary<(Workload, int), Verdict>> MeasureAsync(IEnumerable<(Workload Workload, int Connections)> rows)
    {
        foreach (var build in _builds)
        {
            await build.StartAsync();
        }

        var verdicts = new Dictionary<(Workload, int), Verdict>();
        foreach (var row in rows)
        {
            verdicts[row] = await MeasureAsync(row.Workload, row.Connections);
        }

        return verdicts;
    }

    private async Task<Verdict> MeasureAsync(Workload workload, int connections)
    {
        var contestants = Array.ConvertAll(_builds, build => new Contestant(build.For(workload), workload, connections, _site.Remote));
        var results = Array.ConvertAll(_builds, _ => new List<Measurement>());
        for (var pair = -WarmUps; pair < _pairs; pair++)
        {
            var (ofNew, ofOld) = await MeasurePairAsync(contestants, workload.Batch is null ? Slices : 1, pair);
            if (pair >= 0)
            {
                results[0].Add(ofNew);
                results[1].Add(ofOld);
            }
        }

        Array.ForEach(contestants, contestant => contestant.Dispose());
        var line = string.Create(CultureInfo.InvariantCulture, $"{workload.Name,-26} {connections,3}");
        var verdict = Verdict.NoWorse;
        foreach (var (name, figure) in Figures.Where(figure => workload.IsCold || figure.Name != "remote"))
        {
            var ratios = new PairedRatios(results[0].Zip(results[1], (of, to) => figure(of) / figure(to)));
            var unit = name == "remote" ? "KiB" : "us";
            line += string.Create(
                CultureInfo.InvariantCulture,
                $"  {Statistics.Median(results[0].Select(figure)),13:F1} {unit,-3} "
                + $"{$"{ratios.Median:F3} [{ratios.Low:F3}, {ratios.High:F3}]",-22}");
            verdict = (Verdict)Math.Max((int)verdict, (int)ratios.Verdict);
        }

        var word = verdict switch
        {
            Verdict.Worse => "WORSE",
            Verdict.Unclear => "unclear",
            _ => "no worse",
        };
        Console.WriteLine($"{(workload.IsCold ? line : line + new string(' ', 42))}  {word}");
        return verdict;
    }

    /// <summary>Measures both in alternating slices.</summary>
    private async Task<(Measurement New, Measurement Old)> MeasurePairAsync(Contestant[] contestants, int slices, int pair)
    {
        var sums = new[] { Measurement.None, Measurement.None };
        for (var slice = 0; slice < slices; slice++)
        {
            foreach (var build in (pair + slice) % 2 == 0 ? (int[])[0, 1] : [1, 0])
            {
                sums[build] += await contestants[build].MeasureAsync(_duration / slices);
            }
        }

        return (sums[0], sums[1]);
    }
}
