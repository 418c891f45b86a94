using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary><c>import</c>: brings back what <c>revert --save</c> saved.</summary>
internal sealed class ImportCommand : ProxyCommand
{
    private const int InsufficientStorage = 507;

    private readonly Argument<string> _file = new("FILE") { Description = "The file that revert --save wrote." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace changes made since." };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<bool> _dryRun = new("--dry-run", "-n") { Description = "Say what would change, and change nothing." };

    public ImportCommand(CommandContext context)
        : base(context, "import", "Bring back changes that revert --save saved.",
            "s3overlay import before-revert.tar --dry-run", "s3overlay import before-revert.tar")
    {
        Arguments.Add(_file);
        Options.Add(_force);
        Options.Add(_yes);
        Options.Add(_dryRun);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var path = line.GetRequiredValue(_file);
        var (mustForce, isDryRun, counts) = (line.GetValue(_force), line.GetValue(_dryRun), new ImportResult());
        string? problem = null;
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!file.CanSeek)
            {
                throw new IOException("this is not a file. It is read twice, the first time to check it. Save it to a file first.");
            }

            var keys = await Screen.ShowProgressAsync(show => CheckAsync(file, show, cancellationToken));
            if (keys > 1 && !isDryRun && !line.GetValue(_yes)
                && !await Screen.ConfirmAsync($"Import {Words.Count(keys, "key")}?", cancellationToken))
            {
                return ExitCodes.BadConfiguration;
            }

            file.Position = 0;
            counts = await Screen.ShowProgressAsync(async show =>
            {
                await foreach (var (change, bytes) in ArchiveReader.ReadAsync(file, cancellationToken))
                {
                    try
                    {
                        counts = counts.With(await ImportAsync(proxy, change, bytes, mustForce, isDryRun, cancellationToken));
                    }
                    catch (ProxyRefusal refusal) when (refusal.Status == InsufficientStorage)
                    {
                        problem = $"{Words.Name($"{change.Bucket}/{change.Key}")} does not fit: {refusal.Message} "
                            + "Make room, and run the command again.";
                        break;
                    }
                    catch (ProxyRefusal refusal) when (refusal.Status != 403)
                    {
                        // The others may still be brought back.
                        await Screen.ComplainAsync(refusal.Message);
                        counts = counts.With(null);
                    }

                    show(new WorkState(counts.Imported + counts.Same + counts.Skipped + counts.Failed, "key")
                    {
                        Verb = "imported", All = keys,
                    });
                }

                return counts;
            });
        }
        catch (Exception failure) when (failure is ArchiveException or IOException or UnauthorizedAccessException)
        {
            problem = failure.Message;
        }

        if (Screen.IsForPrograms)
        {
            await Screen.WriteAsync(JsonSerializer.Serialize(counts, AdministrationJson.Options));
        }

        await Screen.SayAsync($"{(isDryRun ? "Would import" : "Imported")} {Words.Count(counts.Imported, "key")}.");
        if (counts.Same > 0)
        {
            await Screen.SayAsync($"{Words.Count(counts.Same, "key")} were there already.");
        }

        if (counts.Skipped > 0)
        {
            await Screen.SayAsync($"Skipped {Words.Count(counts.Skipped, "key")} changed here since. To replace them: --force");
        }

        if (counts.Failed > 0)
        {
            await Screen.SayAsync($"Failed: {Words.Count(counts.Failed, "key")}. Next: run the command again.");
        }

        if (problem is not null)
        {
            await Screen.ComplainAsync($"{path}: {problem}");
        }

        return problem is null && counts.Failed == 0 ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    /// <summary>Reads the whole file before anything is sent, so that a damaged one changes nothing.</summary>
    /// <returns>The number of keys.</returns>
    /// <exception cref="ArchiveException">The file is damaged.</exception>
    private static async Task<long> CheckAsync(Stream file, Action<WorkState> show, CancellationToken cancellationToken)
    {
        var keys = 0L;
        await foreach (var (change, bytes) in ArchiveReader.ReadAsync(file, cancellationToken))
        {
            if (bytes is not null && Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancellationToken)) != change.Sha256)
            {
                throw new ArchiveException($"the bytes of {change.Bucket}/{change.Key} do not match their checksum");
            }

            show(new WorkState(++keys, "key") { Verb = "checked" });
        }

        return keys;
    }

    private static async Task<ImportOutcome?> ImportAsync(
        ProxyClient proxy, SavedChange change, Stream? bytes, bool mustForce, bool isDryRun, CancellationToken cancellationToken)
    {
        if (bytes is not null || isDryRun)
        {
            // Bytes that are not needed are not sent.
            var planned = await SendAsync(isDry: true, null);
            if (isDryRun || planned != ImportOutcome.Imported)
            {
                return planned;
            }
        }

        return await SendAsync(isDry: false, bytes);

        async Task<ImportOutcome> SendAsync(bool isDry, Stream? sent)
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(change, AdministrationJson.Options), (byte)'\n'];
            await using var body = new JoinedStream(line, sent);
            return (await proxy.PostAsync("import", new Parameters().With("force", mustForce).With("dry-run", isDry), body,
                line.Length + (sent?.Length ?? 0), cancellationToken)).As<ImportAnswer>().Outcome;
        }
    }
}

/// <summary>Result of an import.</summary>
/// <param name="Imported">Keys written or deleted as they were.</param>
/// <param name="Same">Keys that were as saved.</param>
/// <param name="Skipped">Keys that were changed here since.</param>
/// <param name="Failed">Keys that the proxy refused.</param>
internal readonly record struct ImportResult(long Imported, long Same, long Skipped, long Failed)
{
    /// <summary>The result with one more outcome; null for a failure.</summary>
    public ImportResult With(ImportOutcome? outcome) => outcome switch
    {
        ImportOutcome.Imported => this with { Imported = Imported + 1 },
        ImportOutcome.Same => this with { Same = Same + 1 },
        ImportOutcome.Skipped => this with { Skipped = Skipped + 1 },
        _ => this with { Failed = Failed + 1 },
    };
}
