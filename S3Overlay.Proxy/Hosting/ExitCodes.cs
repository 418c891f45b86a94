namespace S3Overlay.Proxy.Hosting;

/// <summary>The process's exit codes.</summary>
public static class ExitCodes
{
    /// <summary>It ended as asked.</summary>
    public const int Ok = 0;

    /// <summary>The machine does not allow it: a port in use, a folder that cannot be written.</summary>
    public const int CannotRun = 1;

    /// <summary>The settings or the command line are wrong: correct them before another start.</summary>
    public const int BadConfiguration = 2;
}
