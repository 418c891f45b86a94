using System.CommandLine;

using S3Overlay.Proxy.Administration.Explaining;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>explain</c>: shows what clients see of a key or bucket, and why.</summary>
internal sealed class ExplainCommand : ProxyCommand
{
    private readonly Argument<string> _target = new("TARGET") { Description = "bucket or bucket/key, also with s3:// before it." };
    private readonly Option<bool> _noRemote = new("--no-remote") { Description = "Do not ask the remote." };

    public ExplainCommand(CommandContext context)
        : base(context, "explain", "Show what clients see of a key or bucket, and why.",
            "s3overlay explain photos/2024/a.jpg", "s3overlay explain photos --no-remote")
    {
        Arguments.Add(_target);
        Options.Add(_noRemote);
    }

    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = Target.Parse(line.GetRequiredValue(_target));
        var answer = await proxy.GetAsync(
            "explain",
            new Parameters().With("bucket", target.Bucket).With("key", target.Key ?? target.Prefix)
                .With("remote", line.GetValue(_noRemote) ? "false" : null),
            cancellationToken);
        if (Screen.IsForPrograms)
        {
            await Screen.WriteAsync(answer.Text);
        }

        var (lines, isThere) = target is { Key: null, Prefix: null } ? Of(answer.As<BucketExplanation>()) : Of(answer.As<KeyExplanation>());
        foreach (var text in lines)
        {
            await Screen.SayAsync(text);
        }

        return isThere ? ExitCodes.Ok : ExitCodes.CannotRun;
    }

    /// <summary>The explanation, and false if no layer has the bucket.</summary>
    private static (IEnumerable<string> Lines, bool IsThere) Of(BucketExplanation of) =>
        (ExplanationText.Of(of), of is not { Visible: false, Deleted: false });

    /// <summary>The explanation, and false if no layer has the key.</summary>
    private static (IEnumerable<string> Lines, bool IsThere) Of(KeyExplanation of) =>
        (ExplanationText.Of(of), of.Reason != KeyReason.Absent);
}
