using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>cached</c>: lists cache entries.</summary>
internal sealed class CachedCommand : ProxyCommand
{
    private static readonly Column[] Columns =
        [new("CACHED", true), new("BYTES", true), new("AGE", true), new("USED"), new("STATE"), new("PINNED"), new("KEY")];

    private readonly Argument<string?> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/. Without one, all buckets.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<string?> _sort = new("--sort")
        { Description = "size: most cached bytes first. age: oldest first. used: longest unused first.", HelpName = "size|age|used" };

    private readonly Option<int?> _limit = new("--limit") { Description = "List at most N entries.", HelpName = "N" };

    public CachedCommand(CommandContext context)
        : base(context, "cached", "List what is cached: how much of each object, how old, and whether it is pinned.",
            "s3overlay cached photos/2024/", "s3overlay cached --sort size --limit 20", "s3overlay cached photos --sort used --json")
    {
        Arguments.Add(_target);
        _sort.AcceptOnlyFromAmong("size", "age", "used");
        Options.Add(_sort);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = line.GetValue(_target) is { } text ? Target.Parse(text) : null;
        var total = 0L;
        var items = Screen.CountAsync(proxy.ListAsync(
            "cached",
            new Parameters().With(target).With("all", target is null).With("sort", line.GetValue(_sort))
                .With("limit", line.GetValue(_limit)?.ToString(CultureInfo.InvariantCulture)),
            cancellationToken), "entry", "entries", static line => line.Json.GetProperty("bytes").GetInt64());
        var count = await Screen.ListAsync(items.Select(static item => item.Text), Columns, RowsAsync(items, cancellationToken));
        await Screen.NoteAsync($"{Words.Count(count, "entry", "entries")}, {Words.Size(total)} cached.");
        return ExitCodes.Ok;

        async IAsyncEnumerable<string[]> RowsAsync(
            IAsyncEnumerable<ProxyLine> lines, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var each in lines.WithCancellation(token))
            {
                var item = each.As<CachedItem>();
                total += item.Bytes;
                yield return RowOf(item);
            }
        }
    }

    private static string[] RowOf(CachedItem item) =>
    [
        item.Bytes == item.Size ? "whole" : item.Chunks > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{item.FullChunks} of {item.Chunks}") : "part",
        Words.Size(item.Bytes),
        Words.Age(item.Age),
        item.Used is { } used ? Words.Time(used) : "-",
        item.State switch { CachedState.Fresh => "fresh", CachedState.Stale => "stale", _ => "unusable" },
        item.Pinned ? "yes" : "no",
        Words.Name($"{item.Bucket}/{item.Key}"),
    ];
}
