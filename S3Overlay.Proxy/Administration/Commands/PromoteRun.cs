using System.Text.Json;

using S3Overlay.Promote;
using S3Overlay.Promote.Sending;
using S3Overlay.Promote.Wire;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>One run of <c>promote</c>: lists, asks, sends, and says what happened.</summary>
internal sealed class PromoteRun(PromoteArguments arguments, ProxyClient proxy, Screen screen)
{
    /// <summary>Lines about single keys that are printed at the end; <c>--json</c> prints all.</summary>
    private const int MaxNotes = 100;

    private readonly PromoteOptions _options = new()
    {
        Profile = arguments.Profile,
        Profiles = arguments.Profiles,
        Endpoint = arguments.Endpoint,
        Deletes = arguments.Deletes,
        Force = arguments.Force,
        Keep = arguments.Keep,
        Unchecked = arguments.Unchecked,
        IsChosen = arguments.Filter.Has,
        Transfers = arguments.Transfers,
        StateFolder = Path.Combine(StateHome(), "s3overlay", "promote"),
    };

    private readonly List<string> _notes = [];
    private long _moreNotes;

    /// <summary>Runs it, and returns the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var objects = new S3Wire(proxy.Endpoint, KeysOfProxyAsync, proxy.Address.Region, Sign, isProxy: true);
        var overlay = new OverlayOfProxy(proxy, arguments.Target, objects);
        try
        {
            await using var plan = await screen.ShowProgressAsync(show =>
            {
                overlay.Listed = count => show(new WorkState(count, "change") { Verb = "compared" });
                return Plan.MakeAsync(overlay, _options, cancellationToken);
            });
            return arguments.IsDryRun ? await ShowPlanAsync(plan, cancellationToken)
                : await AgreesAsync(plan, cancellationToken) ? await SendAsync(overlay, plan, cancellationToken)
                : ExitCodes.BadConfiguration;
        }
        catch (PromoteException problem)
        {
            await screen.ComplainAsync(problem.Message);
            if (problem.Next is { } next)
            {
                await screen.ComplainAsync($"Next: {next}");
            }

            return ExitCodes.CannotRun;
        }
    }

    private async Task<bool> AgreesAsync(Plan plan, CancellationToken cancellationToken)
    {
        var (sends, deletes, same) = (plan.Of(PlannedStep.Send), plan.Of(PlannedStep.Delete), plan.Of(PlannedStep.Revert));
        return arguments.IsConfirmed || sends + deletes + same <= 1 || await screen.ConfirmAsync(
            $"Send {Words.Count(sends, "object")} ({Words.Size(plan.Bytes)}) and {Words.Count(deletes, "delete")} to the remote"
            + (arguments.Keep ? "?" : same == 0 ? ", and revert them here?" : $", and revert them and {same} that the remote has already?"),
            cancellationToken);
    }

    private async Task<int> ShowPlanAsync(Plan plan, CancellationToken cancellationToken)
    {
        if (screen.IsForPrograms)
        {
            await foreach (var change in plan.ReadAsync(cancellationToken))
            {
                await WriteAsync(new PlannedLine(
                    change.Bucket, change.Key, change.Kind, Plan.Of(change, _options), change.Size, change.Place));
            }

            await WriteAsync(new { done = true, count = plan.Keys });
        }

        await screen.WriteRowsAsync([new(""), new(""), new("", IsNumber: true), new("")], RowsAsync());
        await screen.SayAsync($"Would send {Words.Count(plan.Of(PlannedStep.Send), "object")} ({Words.Size(plan.Bytes)}) and "
            + $"{Words.Count(plan.Of(PlannedStep.Delete), "delete")}.");
        return plan.Of(PlannedStep.Conflict) > 0 ? ExitCodes.Conflicts : ExitCodes.Ok;

        async IAsyncEnumerable<string[]> RowsAsync()
        {
            await foreach (var change in plan.ReadAsync(cancellationToken))
            {
                if (!screen.IsForPrograms)
                {
                    yield return [Letters(change), Plan.Of(change, _options).ToString().ToLowerInvariant(),
                        change.ETag is null ? "" : Words.Size(change.Size), Words.Name(change.ToString())];
                }
            }
        }
    }

    private async Task<int> SendAsync(OverlayOfProxy overlay, Plan plan, CancellationToken cancellationToken)
    {
        var tally = new Tally { Keys = plan.Keys, TotalBytes = plan.Bytes };
        try
        {
            await screen.ShowProgressAsync(async show =>
            {
                await new Promotion(overlay, _options, Sign).RunAsync(plan, tally, EndAsync, () => show(StateOf(tally)), cancellationToken);
                return true;
            });
        }
        finally
        {
            await SummarizeAsync(tally);
        }

        return tally.Of(Outcome.Failed) > 0 ? ExitCodes.CannotRun : tally.Of(Outcome.Conflict) > 0 ? ExitCodes.Conflicts : ExitCodes.Ok;
    }

    private async Task EndAsync(KeyOutcome key)
    {
        if (screen.IsForPrograms)
        {
            await WriteAsync(new OutcomeLine(
                key.Change.Bucket, key.Change.Key, key.Change.Kind, key.Outcome, key.IsReverted, key.ETag, key.Message));
        }
        else if (key.Message is { } message && key.Outcome != Outcome.Skipped)
        {
            if (_notes.Count < MaxNotes)
            {
                _notes.Add($"{key.Outcome.ToString().ToLowerInvariant(),-9} {Words.Name(key.Change.ToString())}: {message}");
            }
            else
            {
                _moreNotes++;
            }
        }
    }

    private async Task SummarizeAsync(Tally tally)
    {
        foreach (var note in _notes)
        {
            await screen.NoteAsync(note);
        }

        if (_moreNotes > 0)
        {
            await screen.NoteAsync($"... and {_moreNotes} more; --json lists all.");
        }

        var (sent, deleted, same) = (tally.Of(Outcome.Sent), tally.Of(Outcome.Deleted), tally.Of(Outcome.Same));
        await screen.SayAsync(tally.Keys == 0 ? "Nothing to promote."
            : $"Sent {Words.Count(sent, "object")} ({Words.Size(tally.Bytes)}) and {Words.Count(deleted, "delete")}; "
                + $"{Words.Count(tally.Reverted, "key")} {(tally.Reverted == 1 ? "shows" : "show")} the remote again.");
        if (tally.Of(Outcome.Conflict) > 0)
        {
            await screen.SayAsync($"Skipped {Words.Count(tally.Of(Outcome.Conflict), "key")} that the remote has changed too. "
                + "Next: compare them, then revert yours, or send them with --force.");
        }

        if (tally.Of(Outcome.Skipped) > 0)
        {
            await screen.SayAsync($"Skipped {Words.Count(tally.Of(Outcome.Skipped), "delete")}. "
                + (_options.Deletes ? "The deletion of a bucket is not sent." : "Next: to send deletes, add --delete"));
        }

        if (screen.IsForPrograms)
        {
            await WriteAsync(new
            {
                done = tally.Done == tally.Keys, sent, deleted, same, reverted = tally.Reverted, skipped = tally.Of(Outcome.Skipped),
                conflicts = tally.Of(Outcome.Conflict), failed = tally.Of(Outcome.Failed), bytes = tally.Bytes,
            });
        }
    }

    private static WorkState StateOf(Tally tally) =>
        new(tally.Done, "key") { All = tally.Keys, Bytes = tally.Bytes, AllBytes = tally.TotalBytes };

    private static string Letters(ChangedKey change) =>
        change.Kind switch
        {
            ChangedKind.Added => "A",
            ChangedKind.Overwritten => "M",
            ChangedKind.MetadataOnly => "T",
            ChangedKind.Same => "=",
            _ => "D",
        } + change.Upstream switch { UpstreamChange.Unchanged => " ", UpstreamChange.Changed => "!", _ => "?" };

    private Task WriteAsync<T>(T line) => screen.WriteAsync(JsonSerializer.Serialize(line, AdministrationJson.Options));

    private Task<WireKeys> KeysOfProxyAsync() =>
        Task.FromResult(new WireKeys(proxy.Address.Credentials.AccessKey, proxy.Address.Credentials.SecretKey, null));

    private static IEnumerable<KeyValuePair<string, string>> Sign(WireKeys keys, string region, WireTarget target) =>
        new RequestSigner(new SigningCredentials(keys.AccessKey, keys.SecretKey, keys.Token), region).Sign(
            target.Method, target.Host, target.Path, target.Query,
            target.Headers.Where(static header => RequestSigner.MustSign(header.Key)),
            SigV4.UnsignedPayload, DateTimeOffset.UtcNow).Headers;

    private static string StateHome() =>
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } home && Path.IsPathRooted(home) ? home
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");

    private sealed record PlannedLine(string Bucket, string? Key, ChangedKind Kind, PlannedStep Step, long Size, UpstreamPlace? Place);

    private sealed record OutcomeLine(
        string Bucket, string? Key, ChangedKind Kind, Outcome Outcome, bool Reverted, string? ETag, string? Message);
}
