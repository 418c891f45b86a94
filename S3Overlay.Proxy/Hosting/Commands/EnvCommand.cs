using System.CommandLine;
using System.Text.Json;

using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>The command <c>env</c>: the variables that lead S3 clients to a proxy that runs already.</summary>
/// <param name="settings">Settings from the command line.</param>
/// <param name="output">For the variables.</param>
/// <param name="errors">For problems.</param>
internal sealed class EnvCommand(string[] settings, TextWriter output, TextWriter errors)
{
    private readonly Option<string> _shell = new("--shell")
        { Description = "The shell to write for: bash, fish or powershell.", HelpName = "SHELL", DefaultValueFactory = static _ => "bash" };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object." };

    /// <summary>The command.</summary>
    public Command Build()
    {
        var env = new CommandWithExamples(
            "env",
            "Print the environment variables that lead S3 clients to the proxy with these settings, which runs already.",
            "eval \"$(s3overlay env)\"",
            "s3overlay env --shell fish | source",
            "s3overlay env --shell powershell | Out-String | Invoke-Expression")
        {
            Details = "The keys are the first ones of the settings. They are secrets: do not print them in a log.",
        };
        _shell.AcceptOnlyFromAmong([.. ShellText.Shells]);
        env.Options.Add(_shell);
        env.Options.Add(_json);
        env.SetAction(RunAsync);
        return env;
    }

    private async Task<int> RunAsync(ParseResult line)
    {
        if (ProxyBuilder.ReadOptions(ProxyBuilder.FromEnvironment(settings).Configuration, errors, out _) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        if (options.Listen.Plain is not { } endpoint)
        {
            await errors.WriteLineAsync("The proxy has no plain HTTP address. Name one: --urls http://127.0.0.1:8000");
            return ExitCodes.BadConfiguration;
        }

        var key = options.Clients.Keys[0];
        var region = options.Clients.Region ?? AwsHosts.DefaultRegion;
        var variables = ClientVariables.Of(endpoint.GetLeftPart(UriPartial.Authority), key.AccessKey, key.SecretKey, region);
        if (line.GetValue(_json))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(variables.ToDictionary()));
            return ExitCodes.Ok;
        }

        var others = Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(ClientVariables.LeadsElsewhere)
            .Order(StringComparer.Ordinal);
        foreach (var text in ShellText.Of(line.GetValue(_shell)!, variables, others))
        {
            await output.WriteLineAsync(text);
        }

        return ExitCodes.Ok;
    }
}
