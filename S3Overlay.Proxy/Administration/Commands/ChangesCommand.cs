using System.CommandLine;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>changes</c>: lists what was written and deleted here, as <c>git status</c> does.</summary>
internal sealed class ChangesCommand : ProxyCommand
{
    private readonly Argument<string?> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/. Without it: every bucket.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<bool> _summary = new("--summary") { Description = "Only count." };
    private readonly Option<bool> _stat = new("--stat") { Description = "Count by the first folder below the target." };
    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "Exit with 4 if there are changes." };

    public ChangesCommand(CommandContext context)
        : base(context, "changes", "List what you changed, and whether the remote has changed too.",
            "s3overlay changes", "s3overlay changes photos/2024/ --stat", "s3overlay changes photos --exit-code")
    {
        Details = """
            First column: A added, M overwritten, T only metadata or tags differ, = the same as the remote's, D deleted.
            Second column: blank if the remote is as it was, ! if it has changed since, ? if that cannot be known.
            BASE is the remote's object that the change hides: its date, "none" if it had no such key, or "unknown".
            """;
        Arguments.Add(_target);
        Options.Add(_summary);
        Options.Add(_stat);
        Options.Add(_exitCode);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = line.GetValue(_target) is { } text ? Target.Parse(text) : null;
        var (total, isCounting) = (new Totals(), line.GetValue(_summary));
        var found = Screen.CountAsync(
            FindAsync(Screen.IsForPrograms, cancellationToken), "change", null, static change => change.Written?.Size ?? 0);
        if (isCounting)
        {
            await foreach (var _ in found)
            {
                // They are counted on the way.
            }
        }
        else if (line.GetValue(_stat))
        {
            await Screen.WriteRowsAsync(
                [new("CHANGES", true), new("A", true), new("M", true), new("T", true), new("=", true), new("D", true), new("!?", true),
                    new("BYTES", true), new("UNDER")],
                ByFolderAsync(found, target));
        }
        else
        {
            await Screen.WriteRowsAsync([new(""), new("SIZE", true), new("WRITTEN"), new("BASE"), new("KEY")], found.Select(Row));
        }

        await (isCounting ? Screen.SayAsync(total.ToString()) : Screen.NoteAsync(total.ToString()));
        if (total.Count > 0)
        {
            await Screen.NoteAsync("Next: to see one:  s3overlay diff BUCKET/KEY    to undo:  s3overlay revert TARGET");
        }

        return total.Count > 0 && line.GetValue(_exitCode) ? ExitCodes.Changes : ExitCodes.Ok;

        async IAsyncEnumerable<ChangeLine> FindAsync(bool isRaw, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var each in proxy.ListAsync("changes", new Parameters().With(target), token))
            {
                if (isRaw)
                {
                    await Screen.WriteAsync(each.Text);
                }

                var change = each.As<ChangeLine>();
                total.Add(change);
                yield return change;
            }
        }
    }

    private static string[] Row(ChangeLine change) =>
    [
        LetterOf(change.Kind) + change.Upstream switch { UpstreamState.Changed => "!", UpstreamState.Unknown => "?", _ => "" },
        change.Written is { } written ? Words.Size(written.Size) : "",
        change.At is { } at ? Words.Time(at) : "",
        change.Base switch
        {
            { Absent: true } => "none",
            { Object.Modified: { } date } => Words.Time(date),
            { Object: not null } => "known",
            _ => "unknown",
        },
        Words.Name(change.Key is { } key ? $"{change.Bucket}/{key}" : change.Bucket),
    ];

    /// <summary>The letter of a kind.</summary>
    internal static string LetterOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => "A",
        ChangeKind.Overwritten => "M",
        ChangeKind.MetadataOnly => "T",
        ChangeKind.Same => "=",
        _ => "D",
    };

    /// <summary>One row a folder. Changes come in the order of their keys, so that those of a folder follow each other.</summary>
    private static async IAsyncEnumerable<string[]> ByFolderAsync(IAsyncEnumerable<ChangeLine> changes, Target? target)
    {
        var (folder, totals) = ("", new Totals());
        await foreach (var change in changes)
        {
            var start = target?.Prefix?.Length ?? 0;
            var slash = change.Key is { } key && key.Length > start ? key.IndexOf('/', start) : -1;
            var next = $"{change.Bucket}/{(slash < 0 ? change.Key?[..Math.Min(start, change.Key.Length)] : change.Key![..(slash + 1)])}";
            if (next != folder && totals.Count > 0)
            {
                yield return totals.Row(folder);
                totals = new Totals();
            }

            folder = next;
            totals.Add(change);
        }

        if (totals.Count > 0)
        {
            yield return totals.Row(folder);
        }
    }

    private sealed class Totals
    {
        private static readonly string[] Names = ["added", "overwritten", "with other metadata", "the same", "deleted"];

        private readonly long[] _kinds = new long[Enum.GetValues<ChangeKind>().Length];
        private long _differing;
        private long _bytes;

        public long Count { get; private set; }

        public void Add(ChangeLine change)
        {
            Count++;
            _kinds[(int)change.Kind]++;
            _differing += change.Upstream == UpstreamState.Unchanged ? 0 : 1;
            _bytes += change.Written?.Size ?? 0;
        }

        public string[] Row(string folder) =>
        [
            Text(Count), .. _kinds.Select(Text), Text(_differing), Words.Size(_bytes), Words.Name(folder),
        ];

        /// <inheritdoc/>
        public override string ToString() => Count == 0 ? "No changes."
            : $"{Words.Count(Count, "change")} ({Words.Size(_bytes)}): "
                + string.Join(", ", _kinds.Zip(Names, static (count, name) => count > 0 ? $"{count} {name}" : "")
                    .Where(static text => text.Length > 0))
                + (_differing == 0 ? ". The remote has not changed." : $". The remote changed too, or may have: {_differing}.");

        private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
