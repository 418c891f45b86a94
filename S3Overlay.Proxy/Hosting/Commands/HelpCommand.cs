using S3Overlay.Proxy.Configuration;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Says what can be typed and set.</summary>
public static class HelpCommand
{
    private const string Usage = """
        S3Overlay shows a remote bucket with your own changes on top: reads fall through, writes stay here.

          serve      serve S3 (what is done without a command)
          demo       start a stand-in remote and an overlay over it, and print commands to try
          seed       put the demo's sample objects into the local layer, and end
          health     ask the proxy that runs with these settings whether it is ready (exit code 0)
          doctor     check the settings and what they lead to: folders, ports, remotes, credentials, buckets (doctor --help)
          admin      ask a running proxy what it holds and hides, drop what it holds, take deletes back: see admin --help
          help       this page
          version    which version this is

        Settings come from the environment, or from the command line as --NAME=value. Where to listen: --port 9000, or --urls http://0.0.0.0:9000
        """;

    /// <summary>Prints the page.</summary>
    public static int Run()
    {
        Console.WriteLine(Usage);
        foreach (var area in Settings.Documented.GroupBy(setting => setting.Area))
        {
            Console.WriteLine();
            Console.WriteLine(area.Key);
            foreach (var setting in area)
            {
                Console.WriteLine($"  {setting.Name}{(setting.Default is null ? "" : $" [{setting.Default}]")}");
                Console.WriteLine($"      {setting.Description.Replace("`", "", StringComparison.Ordinal)}");
            }
        }

        return ExitCodes.Ok;
    }

    /// <summary>Says what was not understood.</summary>
    public static int Refuse(string problem)
    {
        Console.Error.WriteLine($"{problem} The command \"help\" lists what there is.");
        return ExitCodes.BadConfiguration;
    }
}
