using System.CommandLine;
using System.Globalization;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>A command that prints what happens, until Ctrl-C or until the proxy stops.</summary>
internal abstract class LiveCommand : ProxyCommand
{
    private readonly Argument<string?> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/. Without one, all buckets.", Arity = ArgumentArity.ZeroOrOne };

    private readonly string _method;

    protected LiveCommand(CommandContext context, string method, string description, params IReadOnlyList<string> examples)
        : base(context, method, description, examples)
    {
        _method = method;
        Arguments.Add(_target);
    }

    /// <summary>Adds parameters of its own options.</summary>
    protected virtual Parameters AddTo(Parameters parameters, ParseResult line) => parameters;

    /// <summary>Prints an item.</summary>
    protected abstract Task ShowAsync(ProxyLine item);

    protected sealed override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = line.GetValue(_target) is { } text ? Target.Parse(text) : null;
        var isRaw = Screen.IsForPrograms;
        try
        {
            await foreach (var item in proxy.ListAsync(_method, AddTo(new Parameters().With(target), line), cancellationToken))
            {
                await (isRaw ? Screen.WriteAsync(item.Text) : ShowAsync(item));
                await Screen.Output.FlushAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how watching ends, so nothing is said.
            return ExitCodes.Interrupted;
        }

        return ExitCodes.Ok;
    }
}

/// <summary><c>tail</c>: prints requests as they are answered.</summary>
internal sealed class TailCommand : LiveCommand
{
    private readonly Option<string?> _layer = new("--layer")
        { Description = "Only reads with this layer or cache result: local, cache, remote, hit, miss, stale ...", HelpName = "LAYER" };

    private readonly Option<string?> _verb = new("--method")
        { Description = "Only requests with this HTTP method: GET, PUT ...", HelpName = "METHOD" };

    private readonly Option<string?> _status = new("--status")
        { Description = "Only responses with this status (404), or of this class (4xx)", HelpName = "STATUS" };

    public TailCommand(CommandContext context)
        : base(context, "tail", "Print requests as they are answered.",
            "s3overlay tail", "s3overlay tail photos/2024/ --layer miss", "s3overlay tail --status 5xx", "s3overlay tail --json")
    {
        Options.Add(_layer);
        Options.Add(_verb);
        Options.Add(_status);
    }

    protected override Parameters AddTo(Parameters parameters, ParseResult line) => parameters.With("layer", line.GetValue(_layer))
        .With("method", line.GetValue(_verb)).With("status", line.GetValue(_status));

    protected override Task ShowAsync(ProxyLine item)
    {
        if (item.Json.TryGetProperty("lost", out var lost))
        {
            return Screen.NoteAsync($"... {Words.Count(lost.GetInt64(), "request")} not shown: this terminal is too slow.");
        }

        var of = item.As<TailLine>();
        var layer = $"{of.Layer ?? "-"} {of.Cache}".TrimEnd();
        return Screen.SayAsync(string.Create(CultureInfo.InvariantCulture,
            $"{of.Time.UtcDateTime:HH:mm:ss}  {of.Status}  {layer,-17}  {Words.Size(of.Bytes),10}  {of.Seconds * 1000,8:0.0} ms  "
            + $"{of.Operation,-16}  {Words.Name(of.Bucket + (of.Key.Length > 0 ? "/" + of.Key : ""))}")
            + (of.Code is null ? "" : $"  {of.Code}"));
    }
}

/// <summary><c>record</c>: prints which keys and ranges clients read, for <c>warm --from</c>.</summary>
internal sealed class RecordCommand(CommandContext context) : LiveCommand(
    context, "record", "Print which remote-owned keys and ranges clients read, as lines of JSON for warm --from.",
    "s3overlay record > reads.ndjson", "s3overlay record photos/2024/ > reads.ndjson")
{
    protected override async Task ShowAsync(ProxyLine item)
    {
        if (item.Json.TryGetProperty("lost", out var lost))
        {
            await Screen.NoteAsync($"{Words.Count(lost.GetInt64(), "read")} not recorded: the output is too slow.");
        }

        await Screen.SayAsync(item.Text);
    }
}
