using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>tombstones</c>: lists what was deleted here.</summary>
internal sealed class TombstonesCommand : ProxyCommand
{
    /// <summary>Rows per request.</summary>
    private const int PageSize = 1000;

    private readonly Argument<string?> _target =
        new("BUCKET") { Description = "A bucket. Without one, the buckets that have deletes are listed.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<string?> _prefix = new("--prefix") { Description = "Only keys with this prefix.", HelpName = "PREFIX" };
    private readonly Option<int?> _limit =
        new("--limit") { Description = "List at most N rows.", HelpName = "N", CustomParser = ReadLimit };

    public TombstonesCommand(CommandContext context)
        : base(context, "tombstones", "List what was deleted here.",
            "s3overlay tombstones", "s3overlay tombstones photos/2024/ --limit 100")
    {
        Arguments.Add(_target);
        Options.Add(_prefix);
        Options.Add(_limit);
        Validators.Add(line =>
        {
            if (line.GetValue(_target) is { } text && Target.Parse(text).IsKey)
            {
                line.AddError("tombstones takes a bucket. For one key, use: explain BUCKET/KEY");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = line.GetValue(_target) is { } text ? Target.Parse(text) : null;
        var (prefix, limit) = (line.GetValue(_prefix) ?? target?.Prefix, line.GetValue(_limit) ?? int.MaxValue);
        var (count, token) = (0, (string?)null);
        do
        {
            var page = await proxy.GetAsync("tombstones", new Parameters().With("bucket", target?.Bucket).With("prefix", prefix)
                .With("limit", Math.Min(PageSize, limit - count).ToString(CultureInfo.InvariantCulture)).With("token", token),
                cancellationToken);
            var (rows, next) = target is null ? BucketsOf(page.As<MarkedBucketsPage>()) : await KeysOfAsync(page.As<TombstonesPage>());
            if (Screen.IsForPrograms)
            {
                await Screen.WriteAsync(page.Text);
            }

            foreach (var row in rows)
            {
                await Screen.SayAsync(row);
            }

            (count, token) = (count + rows.Count, next);
        }
        while (token is not null && count < limit);

        await Screen.NoteAsync(target is null
            ? $"{Words.Count(count, "bucket")} with deletes.{(count > 0 ? " Next: s3overlay tombstones BUCKET" : "")}"
            : $"{Words.Count(count, "deleted key")}{(token is null ? "" : ", and more")}."
                + (count == 0 ? "" : $" Next: to undo one or all of them:  s3overlay undelete {Words.Argument(target.Bucket)}[/KEY]"));
        return ExitCodes.Ok;
    }

    private static (List<string> Rows, string? Next) BucketsOf(MarkedBucketsPage page) =>
        ([.. page.Buckets.Select(static row => row.Bucket + (row.BucketDeleted ? "  (deleted as a whole)" : ""))], page.Next);

    private async Task<(List<string> Rows, string? Next)> KeysOfAsync(TombstonesPage page)
    {
        if (page.BucketDeleted)
        {
            await Screen.SayAsync("The bucket itself was deleted here. That hides everything it has on the remote. "
                + $"Next: s3overlay undelete {Words.Argument(page.Bucket)}");
        }

        return ([.. page.Tombstones.Select(static row =>
            (row.Deleted is { } at ? Words.Time(at) + "  " : "") + Words.Name(row.Key))], page.Next);
    }

    private static int? ReadLimit(ArgumentResult argument)
    {
        if (int.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0)
        {
            return limit;
        }

        argument.AddError("--limit needs a number from 1.");
        return null;
    }
}
