using S3Overlay.Proxy.Administration.Explaining;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>undelete</c>: undoes deletes.</summary>
internal sealed class UndeleteCommand(CommandContext context) : WorkCommand<UndeleteResult>(
    context, "undelete", "Undo deletes: the remote's objects show again. For a bucket, its own deletion is undone too.",
    needsBucket: false,
    "s3overlay undelete photos/2024/a.jpg", "s3overlay undelete photos --yes", "s3overlay undelete --all --dry-run")
{
    protected override WorkState StateOf(UndeleteResult progress) => new(progress.Tombstones, "delete") { Verb = "undone" };

    protected override string Ask(UndeleteResult planned) =>
        planned.Tombstones + planned.Buckets > 1 || planned.Buckets > 0 ? $"Undelete {Text(planned)}?" : "";

    protected override async Task<int> ShowAsync(
        UndeleteResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        if (target is { IsKey: true } && result.Tombstones + result.Kept == 0)
        {
            await ExplainNothingAsync(target, proxy, cancellationToken);
            return ExitCodes.CannotRun;
        }

        await Screen.SayAsync(
            result.Tombstones + result.Buckets == 0 ? result.Kept > 0 ? "Nothing was undeleted." : "Nothing to undelete."
            : isDryRun ? $"Would undelete {Text(result)}." : $"Undeleted {Text(result)}.");
        if (result.Tombstones + result.Buckets + result.Kept == 0)
        {
            await Screen.SayAsync("Next: to see what was deleted:  s3overlay tombstones");
        }

        if (result.Kept > 0)
        {
            await Screen.SayAsync(
                $"Skipped {Words.Count(result.Kept, "key")} that another proxy may be deleting. Next: run the command again in a minute.");
        }

        return target is { IsKey: true } && result.Tombstones == 0 ? ExitCodes.CannotRun : ExitCodes.Ok;
    }

    private static string Text(UndeleteResult of) => (of.Tombstones, of.Buckets) switch
    {
        (_, 0) => Words.Count(of.Tombstones, "key"),
        (0, _) => Words.Count(of.Buckets, "bucket"),
        _ => $"{Words.Count(of.Tombstones, "key")} and {Words.Count(of.Buckets, "bucket")}",
    };

    /// <summary>Says why there was nothing to undelete for a key, and what to do instead.</summary>
    private async Task ExplainNothingAsync(Target target, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var explained = await proxy.GetAsync("explain", new Parameters().With(target).With("remote", "false"), cancellationToken);
        if (explained.As<KeyExplanation>().Written is null)
        {
            await Screen.SayAsync($"Nothing to undelete: {Words.Name(target.ToString())} was not deleted here.");
            await Screen.SayAsync($"Next: to see where it comes from:  s3overlay explain {Words.Argument(target.ToString())}");
            return;
        }

        await Screen.SayAsync($"Nothing to undelete: {Words.Name(target.ToString())} was written here, not deleted. Your version stays.");
        await Screen.SayAsync($"Next: to see the remote's object again:  s3overlay revert {Words.Argument(target.ToString())}");
    }
}
