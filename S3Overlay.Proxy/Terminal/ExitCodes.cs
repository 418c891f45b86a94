namespace S3Overlay.Proxy.Terminal;

/// <summary>The exit codes of all commands; docs/administration.md has the table.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The machine does not allow it, such as a port in use; or a check or call failed.</summary>
    public const int CannotRun = 1;

    /// <summary>A setting or the command line is wrong.</summary>
    public const int BadConfiguration = 2;

    /// <summary>Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>Some keys were skipped because the remote has changed too.</summary>
    public const int Conflicts = 3;

    /// <summary>There are changes, and the caller asked to know.</summary>
    public const int Changes = 4;
}
