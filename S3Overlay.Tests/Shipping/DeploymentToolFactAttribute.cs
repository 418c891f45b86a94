using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Shipping;

/// <summary>A test that checks deployment files with the program that reads them, where it is installed.</summary>
public sealed class DeploymentToolFactAttribute : FactAttribute
{
    /// <summary>A test that needs a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="plugin">A file that must be there as well, or null.</param>
    public DeploymentToolFactAttribute(string command, string? plugin = null)
    {
        if (!S3Tool.IsInstalled(command) || (plugin is not null && !File.Exists(plugin)))
        {
            Skip = $"{plugin ?? command} is not installed.";
        }
    }
}
