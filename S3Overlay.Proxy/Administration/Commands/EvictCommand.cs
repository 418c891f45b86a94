using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>evict</c>: removes cache entries.</summary>
internal sealed class EvictCommand(CommandContext context) : WorkCommand<EvictResult>(
    context, "evict", "Evict cache entries: the next read asks the remote. Your writes are not touched.", needsBucket: false,
    "s3overlay evict photos/2024/a.jpg", "s3overlay evict photos/2024/ --yes", "s3overlay evict --all --dry-run")
{
    protected override WorkState StateOf(EvictResult progress) =>
        new(progress.Entries, "cache entry", "cache entries") { Verb = "evicted", Bytes = progress.Bytes };

    protected override string Ask(EvictResult planned) => planned.Entries > 1 ? $"Evict {Text(planned)}?" : "";

    protected override async Task<int> ShowAsync(
        EvictResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        await Screen.SayAsync(isDryRun ? $"Would evict {Text(result)}." : $"Evicted {Text(result)}. Your writes are not touched.");
        if (result.Pinned > 0)
        {
            await Screen.SayAsync($"Pins stay: {Words.Count(result.Pinned, "entry", "entries")} will be kept again, once read. "
                + "Next: s3overlay unpin TARGET");
        }

        if (result.Failed > 0)
        {
            await Screen.SayAsync($"{Words.Count(result.Failed, "entry", "entries")} could not be evicted. The proxy's log says why.");
        }

        return ExitCodes.Ok;
    }

    private static string Text(EvictResult of) =>
        $"{Words.Count(of.Entries, "cache entry", "cache entries")} ({Words.Size(of.Bytes)})";
}
