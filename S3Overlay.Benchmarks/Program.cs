using System.Globalization;

using S3Overlay.Benchmarks;
using S3Overlay.Benchmarks.Servers;

try
{
    return args switch
    {
        [] or ["--help" or "-h" or "help", ..] or [_, "--help" or "-h"] => Help.Print(),
        ["compare", .. var rest] when Options.Parse(rest) is var options =>
            await (options.Against is null ? BesideNginx.CompareAsync(options) : BetweenBuilds.RunAsync(options)),
        ["forward", .. var rest] => await BesideNginx.ForwardAsync(Options.Parse(rest)),
        ["allocations", .. var rest] => await Allocations.RunAsync(Options.Parse(rest)),
        ["counting"] => Counting.Run(),
        ["digests"] => Digests.Run(),
        ["start", .. var rest] => await StartUp.RunAsync(Options.Parse(rest)),
        [PlainForwarderServer.Command, var port, var upstream] => await PlainForwarder
            .RunAsync(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(upstream, CultureInfo.InvariantCulture)),
        [var command, ..] => throw new ArgumentException($"There is no command {command}. See --help."),
    };
}
catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or PlatformNotSupportedException)
{
    Console.Error.WriteLine(problem.Message);
    return Help.CannotRun;
}
