using System.Diagnostics;

namespace S3Overlay.Tests.Shipping;

/// <summary>
/// A test of the published folder, whose path <c>S3OVERLAY_TEST_PUBLISHED</c> names, and of a machine that can confine a process.
/// </summary>
public sealed class PublishedFactAttribute : FactAttribute
{
    /// <summary>A test of what <c>dotnet publish</c> made.</summary>
    public PublishedFactAttribute()
    {
        if (Folder is null)
        {
            Skip = "S3OVERLAY_TEST_PUBLISHED names no published folder.";
        }
        else if (!CanConfine())
        {
            Skip = "A mount namespace of one's own is not to be had here (it takes root, unshare and setpriv).";
        }
    }

    /// <summary>The published folder, or null.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("S3OVERLAY_TEST_PUBLISHED") is { Length: > 0 } folder ? folder
        : null;

    private static bool CanConfine()
    {
        try
        {
            using var trial = Process.Start(new ProcessStartInfo("unshare",
                ["--mount", "setpriv", "--reuid=65534", "--clear-groups", "true"]) { RedirectStandardError = true });
            return trial is not null && trial.WaitForExit(10_000) && trial.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
