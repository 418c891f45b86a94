using System.CommandLine;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>ls</c>: lists what clients see, with the layer of each row.</summary>
internal sealed class LsCommand : ProxyCommand
{
    private static readonly Column[] Short = [new("LAYER"), new("SIZE", true), new("NAME")];

    private static readonly Column[] Long =
        [new("LAYER"), new("SIZE", true), new("CACHED", true), new("MODIFIED"), new("ETAG"), new("NAME")];

    private readonly Argument<string> _target = new("TARGET") { Description = "bucket, or bucket/PREFIX: all keys that start with it." };
    private readonly Option<bool> _long = new("--long", "-l") { Description = "Show cached bytes, dates and ETags too." };
    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "List all keys, not only one level." };
    private readonly Option<bool> _deleted = new("--deleted") { Description = "List keys too that were deleted here." };

    public LsCommand(CommandContext context)
        : base(context, "ls", "List what clients see, and which layer answers a read of each object.",
            "s3overlay ls photos/2024/ -l", "s3overlay ls photos -r --deleted")
    {
        Arguments.Add(_target);
        Options.Add(_long);
        Options.Add(_recursive);
        Options.Add(_deleted);
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var (target, isLong) = (Target.Parse(line.GetRequiredValue(_target)), line.GetValue(_long));
        var items = Screen.CountAsync(proxy.ListAsync(
            "ls",
            new Parameters().With("bucket", target.Bucket).With("prefix", target.Key ?? target.Prefix)
                .With("recursive", line.GetValue(_recursive)).With("deleted", line.GetValue(_deleted)),
            cancellationToken), "row");
        await Screen.ListAsync(
            items.Select(static item => item.Text), isLong ? Long : Short, items.Select(item => RowOf(item.As<LsItem>(), isLong)));
        return ExitCodes.Ok;
    }

    private static string[] RowOf(LsItem item, bool isLong)
    {
        var layer = item.Layer switch
        {
            RowLayer.Local => "local",
            RowLayer.Cache => "cache",
            RowLayer.Remote => "remote",
            RowLayer.Deleted => "deleted",
            _ => "-",
        };
        var (size, name) = (item.Size is { } bytes ? Words.Size(bytes) : "-", Words.Name(item.Name));
        return !isLong ? [layer, size, name] :
        [
            layer,
            size,
            item.Cached is { } cached ? Words.Size(cached) : "-",
            item.LastModified is { } date ? Words.Time(date) : "-",
            item.ETag ?? "-",
            name,
        ];
    }
}
