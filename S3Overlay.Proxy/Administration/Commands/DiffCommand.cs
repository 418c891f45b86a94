using System.CommandLine;
using System.Text;

using DiffPlex.Renderer;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>diff</c>: shows how a key differs from the remote's.</summary>
internal sealed class DiffCommand : ProxyCommand
{
    /// <summary>The largest text that is compared line by line.</summary>
    private const int MostText = 1 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Argument<string> _target = new("BUCKET/KEY") { Description = "The key, also with s3:// before it." };

    public DiffCommand(CommandContext context)
        : base(context, "diff", "Show how a key differs from the remote's: text line by line, otherwise size, metadata and tags.",
            "s3overlay diff configs/app.yaml")
    {
        Arguments.Add(_target);
        Validators.Add(line =>
        {
            if (line.GetValue(_target) is { } text && !Target.Parse(text).IsKey)
            {
                line.AddError("diff takes one key. For a bucket or prefix, use: changes TARGET");
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = Target.Parse(line.GetRequiredValue(_target));
        var answer = await Screen.ShowProgressAsync(_ => proxy.GetAsync("diff", new Parameters().With(target), cancellationToken));
        if (Screen.IsForPrograms)
        {
            await Screen.WriteAsync(answer.Text);
            return ExitCodes.Ok;
        }

        var diff = answer.As<KeyDiff>();
        foreach (var row in Sides(diff))
        {
            await Screen.SayAsync(row);
        }

        var theirs = diff.Remote is null ? "" : await TextOfAsync(diff.Remote,
            () => proxy.OpenAsync("/-/v1/original", new Parameters().With(target), cancellationToken), cancellationToken);
        var ours = diff.Written is null ? "" : await TextOfAsync(diff.Written,
            () => proxy.OpenObjectAsync(target.Bucket, target.Key!, cancellationToken), cancellationToken);
        if (theirs is not null && ours is not null && theirs != ours)
        {
            var name = Words.Name(target.Key!);
            var text = UnidiffRenderer.GenerateUnidiff(theirs, ours, $"remote/{name}", $"local/{name}");
            await Screen.SayAsync(Words.Printable(text.TrimEnd('\n')));
        }

        return ExitCodes.Ok;
    }

    /// <summary>What differs apart from the bytes, side by side.</summary>
    private static IEnumerable<string> Sides(KeyDiff diff)
    {
        yield return $"{ChangesCommand.LetterOf(diff.Kind)} {Words.Name($"{diff.Bucket}/{diff.Key}")}"
            + diff.Upstream switch
            {
                UpstreamState.Changed => "  (the remote has changed too)",
                UpstreamState.Unknown => "  (whether the remote has changed is unknown)",
                _ => "",
            };
        var rows = new List<(string Name, string Theirs, string Ours)>
        {
            ("size", Size(diff.Remote), Size(diff.Written)),
            ("ETag", diff.Remote?.Version.ETag ?? "", diff.Written?.Version.ETag ?? ""),
        };
        var names = Names(static side => side.Headers).Select(name => (name, name, false))
            .Concat(Names(static side => side.Tags).Select(static name => ($"tag {name}", name, true)));
        foreach (var (shown, name, isTag) in names)
        {
            rows.Add((shown, Value(diff.Remote, name, isTag), Value(diff.Written, name, isTag)));
        }

        var (nameWidth, width) = (rows.Max(static row => row.Name.Length), Math.Max(6, rows.Max(static row => row.Theirs.Length)));
        yield return $"  {"".PadRight(nameWidth)}  {"REMOTE".PadRight(width)}  LOCAL";
        foreach (var (name, theirs, ours) in rows)
        {
            yield return $"{(theirs == ours ? ' ' : '*')} {name.PadRight(nameWidth)}  {theirs.PadRight(width)}  {ours}".TrimEnd();
        }

        IEnumerable<string> Names(Func<ObjectSide, IReadOnlyDictionary<string, string>> of) =>
            new[] { diff.Remote, diff.Written }.OfType<ObjectSide>().SelectMany(side => of(side).Keys)
                .Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase);
    }

    private static string Size(ObjectSide? side) => side is null ? "none" : Words.Size(side.Version.Size);

    private static string Value(ObjectSide? side, string name, bool isTag) => side is null ? ""
        : Words.Name((isTag ? side.Tags : side.Headers).FirstOrDefault(
            each => each.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "");

    /// <summary>An object as text; null if it is too long or no text.</summary>
    private static async Task<string?> TextOfAsync(ObjectSide side, Func<Task<Stream>> open, CancellationToken cancellationToken)
    {
        if (side.Version.Size > MostText)
        {
            return null;
        }

        await using var stream = await open();
        var bytes = new byte[MostText + 1];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            return length > MostText || bytes.AsSpan(0, length).Contains((byte)0) ? null : Utf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
