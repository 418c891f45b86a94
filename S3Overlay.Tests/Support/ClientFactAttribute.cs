namespace S3Overlay.Tests.Support;

/// <summary>A test with real S3 clients, run where <c>S3OVERLAY_TEST_CLIENTS=1</c> says that they were installed.</summary>
public sealed class ClientFactAttribute : FactAttribute
{
    /// <summary>A test that needs a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="folder">An environment variable that names a folder with something the command needs; null for none.</param>
    public ClientFactAttribute(string command, string? folder = null)
    {
        if (Environment.GetEnvironmentVariable("S3OVERLAY_TEST_CLIENTS") != "1")
        {
            Skip = "Real clients are run where S3OVERLAY_TEST_CLIENTS=1.";
        }
        else if (!S3Tool.IsInstalled(command))
        {
            Skip = $"{command} is not installed.";
        }
        else if (folder is not null && !Directory.Exists(Environment.GetEnvironmentVariable(folder)))
        {
            Skip = $"{folder} names no folder.";
        }
    }
}
