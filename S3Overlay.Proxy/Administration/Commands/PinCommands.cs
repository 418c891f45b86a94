using System.CommandLine;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>pin</c>: keeps entries from being evicted to make room.</summary>
internal sealed class PinCommand(CommandContext context) : WorkCommand<PinResult>(
    context, "pin", "Pin a key, a prefix or a bucket: its cache entries are not evicted to make room.", needsBucket: true,
    "s3overlay pin photos/2024/", "s3overlay pin models/weights.bin", "s3overlay pin photos --dry-run")
{
    /// <inheritdoc/>
    protected override bool Asks => false;

    protected override WorkState StateOf(PinResult progress) =>
        new(progress.Objects, "object") { Verb = "counted", Bytes = progress.Bytes };

    protected override string Ask(PinResult planned) => "";

    protected override async Task<int> ShowAsync(
        PinResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        await Screen.SayAsync($"{(isDryRun ? "Would pin" : "Pinned")} {Words.Name(target!.ToString())}"
            + (result.Objects > 0 ? $": {Words.Count(result.Objects, "object")}, {Words.Size(result.Bytes)}." : "."));
        await Screen.SayAsync($"Cached of it: {Words.Count(result.Entries, "entry", "entries")}, {Words.Size(result.CachedBytes)}."
            + (result.CachedBytes < result.Bytes ? $" Next: to bring the rest:  s3overlay warm {Words.Argument(target.ToString())}" : ""));
        return ExitCodes.Ok;
    }
}

/// <summary><c>unpin</c>: removes a pin.</summary>
internal sealed class UnpinCommand(CommandContext context) : WorkCommand<UnpinResult>(
    context, "unpin", "Remove a pin. Its entries stay cached until room is needed.", needsBucket: true,
    "s3overlay unpin photos/2024/", "s3overlay unpin models/weights.bin")
{
    /// <inheritdoc/>
    protected override bool Asks => false;

    protected override WorkState StateOf(UnpinResult progress) => new(progress.Entries, "entry", "entries");

    protected override string Ask(UnpinResult planned) => "";

    protected override async Task<int> ShowAsync(
        UnpinResult result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken)
    {
        await Screen.SayAsync($"{(isDryRun ? "Would unpin" : "Unpinned")} {Words.Name(target!.ToString())}. "
            + $"{Words.Count(result.Entries, "entry", "entries")} ({Words.Size(result.CachedBytes)}) may be evicted.");
        return ExitCodes.Ok;
    }
}

/// <summary><c>pins</c>: lists pins.</summary>
internal sealed class PinsCommand(CommandContext context) : ProxyCommand(
    context, "pins", "List the pins of the cache.", "s3overlay pins", "s3overlay pins --json")
{
    private static readonly Column[] Columns =
        [new("PINNED", true), new("CACHED", true), new("ENTRIES", true), new("SINCE"), new("TARGET")];

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var items = Screen.CountAsync(proxy.ListAsync("pins", new Parameters(), cancellationToken), "pin");
        var count = await Screen.ListAsync(
            items.Select(static item => item.Text), Columns, items.Select(static item => RowOf(item.As<PinItem>())));
        await Screen.NoteAsync($"{Words.Count(count, "pin")}.{(count == 0 ? " Next: s3overlay pin TARGET" : "")}");
        return ExitCodes.Ok;
    }

    private static string[] RowOf(PinItem item) =>
    [
        item.Bytes == 0 ? "-" : Words.Size(item.Bytes),
        Words.Size(item.CachedBytes),
        item.Entries.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Words.Time(item.Since),
        Words.Name(item.Bucket + (item.Key ?? item.Prefix) switch { "" or null => "", var rest => "/" + rest }),
    ];
}
