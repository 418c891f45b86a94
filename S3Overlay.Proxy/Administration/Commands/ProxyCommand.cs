using System.CommandLine;
using System.CommandLine.Parsing;

using S3Overlay.Proxy.Administration.Commands.Archives;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>What all commands for a running proxy share.</summary>
/// <param name="Screen">Where they print.</param>
/// <param name="Find">The proxy that the settings name, or the given URL with the key of the settings. Null if the settings do not suffice;
/// then the problem has been printed.</param>
internal sealed record CommandContext(Screen Screen, Func<Uri?, ProxyAddress?> Find);

/// <summary>A command that calls methods of a running proxy.</summary>
internal abstract class ProxyCommand : CommandWithExamples
{
    /// <summary>The endpoint where it was before: <c>admin --endpoint URL NAME</c>.</summary>
    internal static readonly Option<Uri?> EndpointOfAdmin = NewEndpoint();

    /// <summary>The same for <c>admin --json NAME</c>.</summary>
    internal static readonly Option<bool> JsonOfAdmin = NewJson();

    private readonly Option<Uri?> _endpoint = NewEndpoint();
    private readonly Option<bool> _json = NewJson();

    private readonly CommandContext _context;

    protected ProxyCommand(CommandContext context, string name, string description, params IReadOnlyList<string> examples)
        : base(name, description, examples)
    {
        _context = context;
        Options.Add(_endpoint);
        Options.Add(_json);
        SetAction(RunAsync);
    }

    /// <summary>Where the command prints. It prints responses as they are if <see cref="Terminal.Screen.IsForPrograms"/>.</summary>
    protected Screen Screen => _context.Screen;

    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken);

    private async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        if (_context.Find(line.GetValue(_endpoint) ?? line.GetValue(EndpointOfAdmin)) is not { } address)
        {
            return ExitCodes.BadConfiguration;
        }

        Screen.IsForPrograms = line.GetValue(_json) || line.GetValue(JsonOfAdmin);
        using var interrupt = new Interrupt(cancellationToken);
        using var proxy = new ProxyClient(address);
        try
        {
            return await RunAsync(line, proxy, interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            await Screen.ComplainAsync("Stopped. What was done stays done; run the command again to go on.");
            return ExitCodes.Interrupted;
        }
        catch (ProxyRefusal refusal)
        {
            await Screen.ComplainAsync($"{address.Endpoint.Authority} responded: {refusal.Message}" + (refusal.Status != 403 ? ""
                : $" Next: check that {address.Credentials.AccessKey} is a key of that proxy with \"admin\": true, and its secret."));
            return ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArchiveException)
        {
            await Screen.ComplainAsync(failure.Message);
            return ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await Screen.ComplainAsync(
                $"{address.Endpoint.Authority} does not answer: {(failure is OperationCanceledException ? "timed out" : failure.Message)}");
            await Screen.ComplainAsync("Next: name the running proxy with --endpoint http://HOST:PORT");
            return ExitCodes.CannotRun;
        }
    }

    private static Option<bool> NewJson() => new("--json") { Description = "Print the response as it is, for programs." };

    private static Option<Uri?> NewEndpoint() => new("--endpoint")
    {
        Description = "The proxy's URL. Default: where these settings make it listen.",
        HelpName = "URL",
        CustomParser = ReadEndpoint,
    };

    private static Uri? ReadEndpoint(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https")
        {
            return endpoint;
        }

        argument.AddError("--endpoint needs a URL, such as http://127.0.0.1:8000.");
        return null;
    }
}
