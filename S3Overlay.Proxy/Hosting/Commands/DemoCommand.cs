using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting.Demo;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>A sample remote with objects, and an overlay on top of it, in one process.</summary>
internal static class DemoCommand
{
    private const string DefaultFolder = "./data-demo";

    /// <summary>Runs until Ctrl-C or SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = ProxyBuilder.FromEnvironment(arguments);
        var folder = Path.GetFullPath(builder.Configuration["S3_OVERLAY_DATA_DIR"] is { Length: > 0 } chosen ? chosen : DefaultFolder);
        try
        {
            DemoFolder.MakeFresh(folder);
            await using var remote = await StartRemoteAsync(folder);
            await SampleObjects.PutAsync(remote.Services.Service, Console.Out, CancellationToken.None);

            // Added last, so that the shell's variables do not change the demo.
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                [Settings.AccessLog.Name] = builder.Configuration[Settings.AccessLog.Name]
                    is { Length: > 0 } log ? log : AccessLogOptions.Console,
                ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "local"),
                ["S3_OVERLAY_CACHE_ENABLED"] = "true",
                ["S3_OVERLAY_REMOTE_ENDPOINT"] = remote.Endpoint,
                ["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = LocalOptions.DefaultKey,
                ["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = LocalOptions.DefaultKey,
                ["S3_OVERLAY_ACCESS_KEY"] = LocalOptions.DefaultKey,
                ["S3_OVERLAY_SECRET_KEY"] = LocalOptions.DefaultKey,
            });
            var problems = new ConfigurationProblems();
            var options = ProxyOptionsReader.Read(builder.Configuration, problems);
            if (problems.Errors.Count > 0)
            {
                Console.Error.WriteLine(problems.Describe());
                return ExitCodes.BadConfiguration;
            }

            await using var proxy = await RunningProxy.StartAsync(builder, options, problems);
            proxy.Announce(DemoLines.For(proxy.Endpoint, remote.Endpoint, folder, ProgramName.Read()));
            await proxy.WaitForShutdownAsync();
            return ExitCodes.Ok;
        }
        catch (StartupException problem)
        {
            Console.Error.WriteLine($"S3Overlay cannot start: {problem.Message}");
            return ExitCodes.CannotRun;
        }
    }

    /// <summary>The sample remote: a second S3 port with its own store, in local-only mode. It need not survive a power cut.</summary>
    private static Task<RunningProxy> StartRemoteAsync(string folder)
    {
        var builder = ProxyBuilder.FromSettings(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["S3_OVERLAY_DATA_DIR"] = Path.Combine(folder, "remote"),
            ["S3_OVERLAY_DURABLE"] = "false",
        });
        var problems = new ConfigurationProblems();
        return RunningProxy.StartAsync(builder, ProxyOptionsReader.Read(builder.Configuration, problems), problems);
    }
}
