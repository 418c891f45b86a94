using System.ComponentModel;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST console</c>: a link that signs the caller's key in to the web console.</summary>
internal sealed class ConsoleMethod(Func<string, (Uri Url, DateTimeOffset Ends)?> mint) : DocumentMethod<ConsoleDocument>(
    "POST", "console", "Returns a link that signs the caller in to the web console, once, within ten minutes.")
{
    private static readonly S3Error NoConsole = new(
        "ConsoleIsOff", 409, "This proxy has no web console. Set S3_OVERLAY_CONSOLE_URLS, such as to http://127.0.0.1:8001.");

    /// <inheritdoc/>
    protected override Task<(ConsoleDocument Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken) =>
        mint(call.Request.Caller.AccessKey) is { } link
            ? Task.FromResult((new ConsoleDocument(link.Url.ToString(), link.Ends), "a link that signs in"))
            : throw new S3Exception(NoConsole);
}

/// <summary>A way into the console.</summary>
internal sealed record ConsoleDocument(
    [property: Description("The link. Anyone who has it can use it, once.")] string Url,
    [property: Description("When it stops working.")] DateTimeOffset Ends);
