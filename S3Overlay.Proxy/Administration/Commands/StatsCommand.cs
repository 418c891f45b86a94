using System.CommandLine;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>stats</c>: shows what a proxy did since its start.</summary>
internal sealed class StatsCommand : ProxyCommand
{
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Show the numbers again and again, until Ctrl-C." };

    private readonly Option<int?> _interval = new("--interval")
        { Description = "Seconds between two looks. Default: 2.", HelpName = "SECONDS" };

    public StatsCommand(CommandContext context)
        : base(context, "stats", "Show what a proxy did since its start: hits, bytes saved, errors, latencies.",
            "s3overlay stats", "s3overlay stats --watch", "s3overlay stats --json")
    {
        Options.Add(_watch);
        Options.Add(_interval);
        Validators.Add(line =>
        {
            if (line.GetValue(_interval) < 1)
            {
                line.AddError("--interval needs a number of seconds from 1.");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        await ShowAsync(Screen.IsForPrograms, proxy, cancellationToken);
        if (!line.GetValue(_watch))
        {
            return ExitCodes.Ok;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(line.GetValue(_interval) ?? 2));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await ShowAsync(Screen.IsForPrograms, proxy, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how watching ends, so nothing is said.
            return ExitCodes.Interrupted;
        }

        return ExitCodes.Ok;
    }

    private async Task ShowAsync(bool isJson, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var answer = await proxy.GetAsync("stats", new Parameters(), cancellationToken);
        if (isJson)
        {
            await Screen.WriteAsync(answer.Text);
        }

        await Screen.SayInPlaceAsync(StatisticsLines.Of(answer.As<StatsDocument>()));
    }
}
