namespace S3Overlay.Tests.Support;

/// <summary>A test with real S3 clients, run where <c>S3OVERLAY_TEST_CLIENTS=1</c> says that they were installed.</summary>
public sealed class ClientFactAttribute : FactAttribute
{
    /// <summary>A test that needs a command.</summary>
    public ClientFactAttribute(string command)
    {
        if (Environment.GetEnvironmentVariable("S3OVERLAY_TEST_CLIENTS") != "1")
        {
            Skip = "Real clients are run where S3OVERLAY_TEST_CLIENTS=1.";
        }
        else if (!S3Tool.IsInstalled(command))
        {
            Skip = $"{command} is not installed.";
        }
    }
}
