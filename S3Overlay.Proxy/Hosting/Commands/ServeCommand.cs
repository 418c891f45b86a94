using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>The commands <c>serve</c> and <c>health</c>.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Serves S3 until Ctrl-C or SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = ProxyBuilder.FromEnvironment(arguments);
        if (ProxyBuilder.ReadOptions(builder.Configuration, Console.Error, out var problems) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        try
        {
            await using var proxy = await RunningProxy.StartAsync(builder, options, problems);
            var problem = await proxy.OpenConsoleAsync();
            proxy.Announce(StartupLines.For(options, proxy.Endpoint, proxy.Management, problem ?? ConsoleOf(proxy)));
            proxy.StartProbing();
            await proxy.WaitForShutdownAsync();
            proxy.Announce(StatisticsLines.Short(proxy.Statistics));
            return ExitCodes.Ok;
        }
        catch (StartupException problem)
        {
            Console.Error.WriteLine($"S3Overlay cannot start: {problem.Message}");
            return ExitCodes.CannotRun;
        }
    }

    /// <summary>Where the console is. For a person at a terminal, a link that signs in.</summary>
    internal static string? ConsoleOf(RunningProxy proxy) =>
        MayShowLink(proxy.IsForPeople, Console.IsInputRedirected, Console.IsOutputRedirected,
            Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is "true" or "1")
        && proxy.MintSignInLink() is { } link ? $"{link} (works once, for ten minutes)" : proxy.WebConsole?.ToString();

    /// <summary>
    /// Whether only a person reads the lines of the start. Logs are kept, and read by others; a container's terminal is a log, too.
    /// </summary>
    internal static bool MayShowLink(bool isForPeople, bool isInputRedirected, bool isOutputRedirected, bool isInContainer) =>
        isForPeople && !isInputRedirected && !isOutputRedirected && !isInContainer;

    /// <summary>
    /// Requests <c>/health</c> of the proxy with the same settings. For containers, whose images have no other program for that.
    /// </summary>
    /// <returns>0 if the proxy is ready; 1 if it is not ready or does not respond.</returns>
    public static async Task<int> CheckHealthAsync(string[] arguments)
    {
        if (ProxyBuilder.ReadOptions(ProxyBuilder.FromEnvironment(arguments).Configuration, Console.Error, out _) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        if (options.Listen.Plain is not { } address)
        {
            Console.Error.WriteLine(
                "The command \"health\" needs a plain HTTP address, and the proxy has none. Name one: --urls http://127.0.0.1:8000");
            return ExitCodes.BadConfiguration;
        }

        var page = new Uri(address, "health");
        using var http = new HttpClient { Timeout = HealthTimeout };
        try
        {
            using var response = await http.GetAsync(page);
            Console.WriteLine(await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            Console.Error.WriteLine($"{page} does not answer: {(failure is OperationCanceledException ? "timed out" : failure.Message)}");
            return ExitCodes.CannotRun;
        }
    }
}
