using System.CommandLine;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary><c>console</c>: prints a link that signs in to the web console.</summary>
internal sealed class ConsoleCommand(CommandContext context) : ProxyCommand(
    context, "console", "Print a link that signs you in to the web console, once, within ten minutes.",
    "s3overlay console", "s3overlay console --endpoint http://127.0.0.1:8000")
{
    protected override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var answer = await proxy.PostAsync("console", new Parameters(), null, null, cancellationToken);
        if (Screen.IsForPrograms)
        {
            await Screen.WriteAsync(answer.Text);
        }

        await Screen.SayAsync(answer.As<ConsoleDocument>().Url);
        return ExitCodes.Ok;
    }
}
