using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>
/// Asks the proxy with the same settings whether it is ready. For containers, whose images have no other program to ask with.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Asks once.</summary>
    /// <returns>0 where the proxy is ready, 1 where it is not, or not there.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(ProxyBuilder.FromEnvironment(arguments).Configuration, problems);
        if (problems.Errors.Count > 0)
        {
            Console.Error.WriteLine(problems.Describe());
            return ExitCodes.BadConfiguration;
        }

        if (options.Listen.Plain is not { } address)
        {
            Console.Error.WriteLine(
                "The command \"health\" needs a plain HTTP address, and the proxy has none. Name one: --urls http://127.0.0.1:8000");
            return ExitCodes.BadConfiguration;
        }

        var page = new Uri(address, "health");
        using var http = new HttpClient { Timeout = Timeout };
        try
        {
            using var answer = await http.GetAsync(page);
            Console.WriteLine(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.CannotRun;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            Console.Error
                .WriteLine($"{page} does not answer: {(failure is OperationCanceledException ? "timed out" : failure.Message)}");
            return ExitCodes.CannotRun;
        }
    }
}
