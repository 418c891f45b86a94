using System.Diagnostics;

namespace S3Overlay.Tests.Support;

/// <summary>A real S3 client as a command.</summary>
public static class S3Tool
{
    /// <summary>Whether the command is on the path.</summary>
    public static bool IsInstalled(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, command)));

    /// <summary>Runs a command with the given environment and returns its output.</summary>
    public static async Task<ToolResult> RunAsync(string command, IEnumerable<string> arguments, IReadOnlyDictionary<string,
        string> environment, string? workingFolder = null)
    {
        var start = new ProcessStartInfo(command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingFolder ?? Path.GetTempPath(),
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // AWS settings from the environment of the test run (profiles, certificate bundles) must not reach the client under test.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(
                $"{command} {string.Join(' ', start.ArgumentList)} did not end. It said: {await output} {await errors}");
        }

        return new ToolResult(process.ExitCode, await output, await errors);
    }
}
