namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>Exit codes of <c>run</c> other than the command's own, as <c>env</c> and <c>docker run</c> have them.</summary>
internal static class RunExitCodes
{
    /// <summary>The command changed something, or the changes could not be counted, with <c>--fail-on-change</c>.</summary>
    public const int Changed = 4;

    /// <summary>The proxy could not be started; the command did not run.</summary>
    public const int NotStarted = 125;

    /// <summary>The command was found, but cannot be executed.</summary>
    public const int NotExecutable = 126;

    /// <summary>The command was not found.</summary>
    public const int NotFound = 127;

    /// <summary>Added to the number of the signal that ended the command.</summary>
    public const int Signal = 128;
}

/// <summary>Why the command cannot be run. The message is one line for the user.</summary>
internal sealed class RunException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode => exitCode;
}
