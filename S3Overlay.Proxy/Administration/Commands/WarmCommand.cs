using System.CommandLine;
using System.Globalization;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>warm</c>: brings objects into the cache before they are read.</summary>
internal sealed class WarmCommand : ProxyCommand
{
    private readonly Argument<string?> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/, also with s3:// before it.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<FileInfo?> _from = new("--from") { Description = "Bring what a recording of record says.", HelpName = "FILE" };

    private readonly Option<int?> _parallel = new("--parallel", "-j")
        { Description = $"Objects at a time. Default: {WarmMethod.DefaultParallel}.", HelpName = "N" };

    private readonly Option<string?> _newerThan = new("--newer-than")
        { Description = "Only objects that changed since: a time, or an age such as 36h or 7d.", HelpName = "TIME" };

    private readonly Option<string[]> _include = new("--include")
        { Description = "Only keys that match a pattern, such as *.parquet. May be given again.", HelpName = "GLOB" };

    private readonly Option<string[]> _exclude = new("--exclude")
        { Description = "Not the keys that match a pattern. May be given again.", HelpName = "GLOB" };

    private readonly Option<string?> _ranges = new("--ranges")
        { Description = "Only these bytes of each object: head:64KiB,tail:1MiB.", HelpName = "RANGES" };

    private readonly Option<bool> _dryRun = new("--dry-run", "-n") { Description = "Say what would be brought, and bring nothing." };

    public WarmCommand(CommandContext context)
        : base(context, "warm", "Bring objects into the cache before they are read.",
            "s3overlay warm photos/2024/", "s3overlay warm data --include '*.parquet' --ranges head:64KiB,tail:1MiB",
            "s3overlay warm --from reads.ndjson")
    {
        Arguments.Add(_target);
        foreach (var option in (Option[])[_from, _parallel, _newerThan, _include, _exclude, _ranges, _dryRun])
        {
            Options.Add(option);
        }

        Validators.Add(line =>
        {
            var isRecorded = line.GetResult(_from) is not null;
            if (isRecorded == (line.GetResult(_target) is { Tokens.Count: > 0 }))
            {
                line.AddError("Name a bucket or a recording: warm TARGET, or warm --from FILE");
            }
            else if (isRecorded && Array.Find((Option[])[_newerThan, _include, _exclude, _ranges],
                option => line.GetResult(option) is { Implicit: false }) is { } other)
            {
                line.AddError($"{other.Name} cannot be combined with --from: a recording says what to bring.");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var parallel = line.GetValue(_parallel)?.ToString(CultureInfo.InvariantCulture);
        ProxyLine answer;
        if (line.GetValue(_from) is { } file)
        {
            FileStream recording;
            try
            {
                recording = file.OpenRead();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                await Screen.ComplainAsync($"{file} cannot be read: {failure.Message}");
                return ExitCodes.CannotRun;
            }

            await using (recording)
            {
                answer = await DoAsync(
                    "replay", new Parameters().With("parallel", parallel).With("dry-run", line.GetValue(_dryRun)), recording);
            }
        }
        else
        {
            answer = await DoAsync("warm", new Parameters().With(Target.Parse(line.GetValue(_target)!)).With("parallel", parallel)
                .With("newer-than", line.GetValue(_newerThan)).With("include", Lines(line.GetValue(_include)))
                .With("exclude", Lines(line.GetValue(_exclude))).With("ranges", line.GetValue(_ranges))
                .With("dry-run", line.GetValue(_dryRun)), null);
        }

        if (Screen.IsForPrograms)
        {
            await Screen.WriteAsync(answer.Text);
        }

        return await ShowAsync(answer.As<WarmProgress>(), line.GetValue(_dryRun));

        Task<ProxyLine> DoAsync(string method, Parameters parameters, Stream? body) => Screen.ShowProgressAsync(show => proxy.DoAsync(
            method, parameters, body, progress => show(StateOf(progress.As<WarmProgress>())),
            cancellationToken));
    }

    private static string? Lines(string[]? patterns) => patterns is { Length: > 0 } ? string.Join('\n', patterns) : null;

    /// <summary>What was cached before takes no time, so it does not count for the rate.</summary>
    private static WorkState StateOf(WarmProgress of) => new(of.Brought + of.Held + of.NotCached + of.Failed, "object")
    {
        Verb = "brought", All = of.Objects, Bytes = of.Bytes, AllBytes = of.ObjectBytes - of.HeldBytes,
    };

    private async Task<int> ShowAsync(WarmProgress of, bool isDryRun)
    {
        await Screen.SayAsync($"{(isDryRun ? "Would bring" : "Brought")} {Words.Count(of.Brought, "object")} ({Words.Size(of.Bytes)}). "
            + $"{of.Held} were cached before ({Words.Size(of.HeldBytes)}).");
        if (of.NotCached > 0)
        {
            await Screen.SayAsync($"{Words.Count(of.NotCached, "object")} cannot be cached.");
        }

        if (of.Absent > 0)
        {
            await Screen.SayAsync($"{Words.Count(of.Absent, "key")} skipped: written or deleted here, or no longer at the remote.");
        }

        if (of.Failed > 0)
        {
            await Screen.SayAsync($"{Words.Count(of.Failed, "object")} failed. The first: {of.Problem}");
            await Screen.SayAsync("Next: run the command again. It asks only for what is missing.");
        }

        if (of.Stopped is { } full)
        {
            await Screen.SayAsync(full.Room is { } room
                ? $"Stopped: the next object needs {Words.Size(full.Next)}, and the cache has room for {Words.Size(room)}."
                : "Stopped: the disk is short of space, or others use the cache so much that what was brought would be evicted.");
            await Screen.SayAsync("More would evict what was brought. Next: raise S3_OVERLAY_CACHE_MAX_BYTES, or choose less.");
        }

        return of.Failed > 0 || of.Stopped is not null ? ExitCodes.CannotRun : ExitCodes.Ok;
    }
}
