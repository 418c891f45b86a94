namespace S3Overlay.Tests.Support;

public sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The output of a command that must have succeeded.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new Xunit.Sdk.XunitException($"exit code {ExitCode}\n{Output}\n{Errors}");
}
