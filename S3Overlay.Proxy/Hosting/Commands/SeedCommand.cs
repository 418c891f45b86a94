using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting.Demo;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>
/// Stores the sample objects in the local layer. Refuses if a remote is set: nothing that is a remote to this process is ever written to
/// (rule W1).
/// </summary>
internal static class SeedCommand
{
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

        if (options.Remotes.Count > 0)
        {
            Console.Error.WriteLine("The command \"seed\" fills the local layer, but a remote is set. "
                + "Remove the remote's settings, and set S3_OVERLAY_LOCAL_ENDPOINT to the store to fill.");
            return ExitCodes.BadConfiguration;
        }

        using var loggers =
            LoggerFactory.Create(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole());
        using var meters = new ProxyMeters();
        try
        {
            await using var services = await ProxyServices.OpenAsync(options, meters, loggers);
            await SampleObjects.PutAsync(services.Service, Console.Out, CancellationToken.None);
            return ExitCodes.Ok;
        }
        catch (Exception failure) when (failure is StartupException or S3Exception)
        {
            Console.Error.WriteLine($"S3Overlay cannot fill {options.Local}: {failure.Message}");
            return ExitCodes.CannotRun;
        }
    }
}
