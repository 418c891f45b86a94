namespace S3Overlay.Tests.Support;

/// <summary>The result of a command.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it complained of.</param>
public sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The output of a command that must have succeeded.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new Xunit.Sdk.XunitException($"exit code {ExitCode}\n{Output}\n{Errors}");
}
