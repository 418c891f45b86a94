using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Serves S3 until a stop signal.</summary>
public static class ServeCommand
{
    /// <summary>Runs until Ctrl-C or SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = ProxyBuilder.FromEnvironment(arguments);
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        if (problems.Errors.Count > 0)
        {
            Console.Error.WriteLine(problems.Describe());
            return ExitCodes.BadConfiguration;
        }

        try
        {
            await using var proxy = await RunningProxy.StartAsync(builder, options, problems);
            proxy.Announce(StartupLines.For(options, proxy.Endpoint, proxy.Management));
            proxy.StartProbing();
            await proxy.WaitForShutdownAsync();
            return ExitCodes.Ok;
        }
        catch (StartupException problem)
        {
            Console.Error.WriteLine($"S3Overlay cannot start: {problem.Message}");
            return ExitCodes.CannotRun;
        }
    }
}
