using System.CommandLine;

using S3Overlay.Proxy.Administration.Commands.Archives;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>revert</c>: undoes writes and deletes.</summary>
internal sealed class RevertCommand : WorkCommand<RevertResult>
{
    private readonly Option<bool> _added = new("--added") { Description = "Remove keys too that only exist here." };
    private readonly Option<bool> _bucket = new("--bucket") { Description = "Undo the deletion of the bucket itself, too." };
    private readonly Option<bool> _versions =
        new("--versions") { Description = "Remove all local versions of keys that have several." };

    private readonly Option<string?> _save =
        new("--save") { Description = "First save what will go. \"import FILE\" brings it back.", HelpName = "FILE.tar" };

    public RevertCommand(CommandContext context)
        : base(context, "revert", "Undo writes and deletes: the remote's objects show again.", needsBucket: false,
            "s3overlay revert photos/2024/a.jpg", "s3overlay revert photos/2024/ --dry-run",
            "s3overlay revert photos --added --save before-revert.tar")
    {
        Options.Add(_added);
        Options.Add(_bucket);
        Options.Add(_versions);
        Options.Add(_save);
        Validators.Add(line =>
        {
            if (line.GetValue(_save) is not null && (line.GetValue(_bucket) || line.GetValue(_versions)))
            {
                line.AddError("--save saves the current objects and deletes of keys: it cannot be combined with --bucket or --versions.");
            }
        });
    }

    /// <inheritdoc/>
    protected override Parameters AddTo(Parameters parameters, ParseResult line) => parameters
        .With("added", line.GetValue(_added)).With("deleted-buckets", line.GetValue(_bucket)).With("versions", line.GetValue(_versions));

    /// <summary>Saves the changes, and then reverts exactly those that were saved: later writes stay.</summary>
    protected override async Task<RevertResult?> DoItselfAsync(
        ParseResult line, Target? target, ProxyClient proxy, CancellationToken cancellationToken)
    {
        if (line.GetValue(_save) is not { } path)
        {
            return null;
        }

        var hasAdded = line.GetValue(_added);
        var changes = ArchiveContent.ChooseAsync(
            proxy.ListAsync("changes", new Parameters().With(target), cancellationToken).Select(static each => each.As<ChangeLine>()),
            isOfAllBuckets: target is null, hasAdded, cancellationToken);
        var writer = new ArchiveWriter(proxy.SendObjectAsync);
        var saved = await Screen.ShowProgressAsync(show => ArchiveFile.WriteAsync(
            writer, path, changes, (count, bytes) => show(new WorkState(count, "key") { Verb = "saved", Bytes = bytes }),
            cancellationToken));
        await Screen.NoteAsync(
            $"Saved {Words.Count(saved, "key")} to {path}. To bring them back:  s3overlay import {Words.Argument(path)}");
        if (writer.Unreadable > 0)
        {
            await Screen.NoteAsync($"Left {Words.Count(writer.Unreadable, "key")}: encrypted with a key that only its client has (SSE-C), "
                + "so it cannot be saved. To revert such keys: without --save.");
        }

        var (gate, total) = (new Lock(), new RevertResult(0, 0, 0, 0, 0, 0, 0, 0));
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return await Screen.ShowProgressAsync(async show =>
        {
            await Parallel.ForEachAsync(
                ArchiveReader.ReadAsync(file, cancellationToken),
                new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
                async (each, token) =>
                {
                    var parameters = new Parameters().With("bucket", each.Change.Bucket).With("key", each.Change.Key)
                        .With("only", each.Change.Stamp).With("added", hasAdded);
                    var one = (await proxy.DoAsync("revert", parameters, null, static _ => { }, token)).As<RevertResult>();
                    lock (gate)
                    {
                        total = total.Plus(one);
                        show(StateOf(total) with { All = saved });
                    }
                });
            return total;
        });
    }

    /// <inheritdoc/>
    protected override WorkState StateOf(RevertResult progress) => new(progress.Reverted, "key") { Verb = "reverted" };

    /// <inheritdoc/>
    protected override string Ask(RevertResult planned) => planned.Reverted + planned.Buckets > 0 ? $"Revert {Text(planned)}?" : "";

    /// <inheritdoc/>
    protected override async Task<int> ShowAsync(
        RevertResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var hasLeft = result.Added + result.Young + result.WithVersions + result.Locked + result.Changed > 0;
        await Screen.SayAsync(
            result.Reverted + result.Buckets == 0 ? hasLeft ? "Nothing was reverted." : "Nothing to revert."
            : isDryRun ? $"Would revert {Text(result)}." : $"Reverted {Text(result)}. The remote shows again.");
        var left = new (long Count, string Why)[]
        {
            (result.Added, "not at the remote. To remove such keys: --added"),
            (result.Young, "another proxy may be deleting it. Next: run the command again in a minute"),
            (result.WithVersions, "several versions here. To remove all versions: --versions"),
            (result.Locked, "locked, or the store refuses to remove it"),
            (result.Changed, "changed while this ran. Next: run the command again"),
        };
        foreach (var (count, why) in left.Where(static each => each.Count > 0))
        {
            await Screen.SayAsync($"Left {Words.Count(count, "key")}: {why}.");
        }

        return target is not { IsKey: true } || result.Reverted > 0 || !hasLeft ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    private static string Text(RevertResult of) => Words.Count(of.Reverted, "key")
        + (of.Buckets > 0 ? $" and {Words.Count(of.Buckets, "deleted bucket")}" : "")
        + (of.Uploads > 0 ? $", and aborted {Words.Count(of.Uploads, "open upload")}" : "");
}
