using System.Globalization;

namespace S3Overlay.Benchmarks;

/// <summary>How a comparison is run.</summary>
public sealed record ComparisonOptions
{
    /// <summary>How long one measurement lasts.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often each server is measured with each workload.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Numbers of connections.</summary>
    public int[] Connections { get; init; } = [1, 16];

    /// <summary>Part of a workload's name, or null for all.</summary>
    public string? Only { get; init; }

    /// <summary>The proxy's assembly, or null for the build beside this one.</summary>
    public string? Proxy { get; init; }

    /// <summary>Another build's dll to be measured in nginx' place, or null.</summary>
    public string? Against { get; init; }

    /// <summary>Whether both hand on what a third server has, in place of having it themselves.</summary>
    public bool Forwards { get; init; }

    /// <summary>Reads the command line.</summary>
    public static ComparisonOptions Parse(string[] args, bool forwards = false)
    {
        var options = new ComparisonOptions { Forwards = forwards };
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            options = args[i] switch
            {
                "--seconds" => options with { Duration = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--connections" => options with { Connections = [.. value.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))] },
                "--only" => options with { Only = value },
                "--proxy" => options with { Proxy = value },
                "--against" => options with { Against = value },
                var unknown => throw new ArgumentException($"Unknown option {unknown}."),
            };
        }

        return options;
    }
}
