using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>compact</c>: removes tombstones that hide nothing.</summary>
internal sealed class CompactCommand(CommandContext context) : WorkCommand<CompactResult>(
    context, "compact", "Remove tombstones that hide nothing, because the remote no longer has the keys.", needsBucket: true,
    "s3overlay compact photos --yes", "s3overlay compact photos/2024/ --dry-run")
{
    protected override WorkState StateOf(CompactResult progress) => new(progress.Tombstones, "tombstone") { Verb = "checked" };

    protected override string Ask(CompactResult planned) =>
        planned.Removed > 1 ? $"Remove {planned.Removed} of {Words.Count(planned.Tombstones, "tombstone")}?" : "";

    protected override async Task<int> ShowAsync(
        CompactResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        await Screen.SayAsync($"Checked {Words.Count(result.Tombstones, "tombstone")}, "
            + $"{(isDryRun ? "would remove" : "removed")} {result.Removed} that hid nothing.");
        if (result.Kept > 0)
        {
            await Screen.SayAsync($"Skipped {Words.Count(result.Kept, "key")} deleted again during the call. Next: run the command again.");
        }
        else if (result.Removed < result.Tombstones)
        {
            await Screen.SayAsync($"Next: to list the rest:  s3overlay tombstones {Words.Argument(target!.Bucket)}");
        }

        return ExitCodes.Ok;
    }
}
