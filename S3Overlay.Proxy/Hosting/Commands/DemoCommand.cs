using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>The commands with sample objects: <c>demo</c> and <c>seed</c>.</summary>
internal static class DemoCommand
{
    private const string DefaultFolder = "./data-demo";

    /// <summary>A file in the demo's folder. Each demo empties such a folder; any other is left alone.</summary>
    private const string Mark = "this-is-a-demo-of-s3overlay";

    /// <summary>Runs a sample remote and an overlay on top of it in one process, until Ctrl-C or SIGTERM.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = ProxyBuilder.FromEnvironment(arguments);
        var folder = Path.GetFullPath(builder.Configuration["S3_OVERLAY_DATA_DIR"] is { Length: > 0 } chosen ? chosen : DefaultFolder);
        try
        {
            MakeFresh(folder);
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
            if (ProxyBuilder.ReadOptions(builder.Configuration, Console.Error, out var problems) is not { } options)
            {
                return ExitCodes.BadConfiguration;
            }

            await using var proxy = await RunningProxy.StartAsync(builder, options, problems);
            var console = await proxy.OpenConsoleAsync() ?? ServeCommand.ConsoleOf(proxy);
            proxy.Announce(DemoLines.For(proxy.Endpoint, remote.Endpoint, folder, ProgramName(), console));
            await proxy.WaitForShutdownAsync();
            return ExitCodes.Ok;
        }
        catch (StartupException problem)
        {
            Console.Error.WriteLine($"S3Overlay cannot start: {problem.Message}");
            return ExitCodes.CannotRun;
        }
    }

    /// <summary>Stores the sample objects in the local layer. Refuses if a remote is set: no remote is ever written to (rule W1).</summary>
    public static async Task<int> SeedAsync(string[] arguments)
    {
        var configuration = ProxyBuilder.FromEnvironment(arguments).Configuration;
        if (ProxyBuilder.ReadOptions(configuration, Console.Error, out _) is not { } options)
        {
            return ExitCodes.BadConfiguration;
        }

        if (options.Remotes.Count > 0)
        {
            Console.Error.WriteLine("The command \"seed\" fills the local layer, but a remote is set. "
                + "Remove the remote's settings, and set S3_OVERLAY_LOCAL_ENDPOINT to the store to fill.");
            return ExitCodes.BadConfiguration;
        }

        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(configuration.GetSection("Logging")).AddConsole());
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

    /// <summary>Empties the folder of an earlier demo, or creates one.</summary>
    /// <exception cref="StartupException">The folder has contents that no demo created, or cannot be used.</exception>
    private static void MakeFresh(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                if (!File.Exists(Path.Combine(folder, Mark)))
                {
                    throw new IOException("It is not empty, and was not created by an earlier demo.");
                }

                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, Mark), "");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StartupException.FromOpening(failure, folder);
        }
    }

    /// <summary>
    /// How a shell starts this program: <c>s3overlay</c> if it runs from a folder of <c>PATH</c>; else its path, after <c>dotnet</c> if
    /// that started it.
    /// </summary>
    private static string ProgramName()
    {
        var program = Environment.ProcessPath ?? "s3overlay";
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            return $"dotnet {Shorten(Path.Combine(AppContext.BaseDirectory, "S3Overlay.Proxy.dll"))}";
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Contains(Path.GetDirectoryName(program)) ? Path.GetFileName(program) : Shorten(program);

        static string Shorten(string path)
        {
            var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
            var isOutside = relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative);
            var shorter = isOutside ? path : Path.Combine(".", relative);
            return shorter.Contains(' ', StringComparison.Ordinal) ? $"'{shorter}'" : shorter;
        }
    }
}
