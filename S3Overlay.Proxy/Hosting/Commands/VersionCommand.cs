using System.Reflection;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>Says which version this is.</summary>
public static class VersionCommand
{
    /// <summary>The version, without the build's own mark.</summary>
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "0";

    /// <summary>Prints it.</summary>
    public static int Run()
    {
        Console.WriteLine($"s3overlay {Version}");
        return ExitCodes.Ok;
    }
}
