using System.Globalization;

using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>The command line of a comparison.</summary>
public sealed record Options
{
    /// <summary>How long one measurement lasts; null for the command's own default.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How often each server is measured beside nginx.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>How many pairs of measurements compare two builds.</summary>
    public int Pairs { get; init; } = 20;

    /// <summary>Numbers of connections; null for each workload's own.</summary>
    public int[]? Connections { get; init; }

    /// <summary>Parts of the names of the workloads to run; empty for all.</summary>
    public string[] Only { get; init; } = [];

    /// <summary>The build that is measured; null for the one beside this program.</summary>
    public string? Proxy { get; init; }

    /// <summary>The build to compare with, or null.</summary>
    public string? Against { get; init; }

    /// <summary>How long the remote waits before each response. A remote on another machine is never as fast as one here.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static Options Parse(string[] args)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i += 2)
        {
            var name = args[i];
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{name} needs a value.");
            options = name switch
            {
                "--seconds" =>
                    options with { Duration = TimeSpan.FromSeconds(double.TryParse(value, CultureInfo.InvariantCulture, out var seconds)
                    && seconds is > 0 and < 3600 ? seconds : throw Wrong()) },
                "--delay" => options with { Delay = TimeSpan.FromMilliseconds(Number(value, 0)) },
                "--rounds" => options with { Rounds = Number(value, 1) },
                "--pairs" => options with { Pairs = Number(value, PairedRatios.FewestPairs) },
                "--connections" => options with { Connections = Array.ConvertAll(value.Split(','), one => Number(one, 1)) },
                "--only" => options with { Only = value.Split(',') },
                "--proxy" => options with { Proxy = value },
                "--against" => options with { Against = value },
                _ => throw new ArgumentException($"There is no option {name}. See --help."),
            };

            int Number(string text, int least) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= least
                ? number
                : throw new ArgumentException($"{name} {value}: give a number of at least {least}.");

            ArgumentException Wrong() => new($"{name} {value}: give a number of seconds, such as 0.5.");
        }

        return options;
    }

    /// <summary>Filters workloads by <see cref="Only"/>.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public IReadOnlyList<Workload> Choose(IEnumerable<Workload> workloads)
    {
        List<Workload> chosen = [.. workloads.Where(workload => Only.Length == 0
            || Only.Any(part => workload.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))];
        return chosen.Count > 0 ? chosen
            : throw new ArgumentException($"--only {string.Join(',', Only)}: no workload has that in its name. See --help.");
    }

    /// <summary>The numbers of connections to measure a workload with.</summary>
    public int[] ConnectionsOf(Workload workload) => Connections ?? workload.Connections;
}
