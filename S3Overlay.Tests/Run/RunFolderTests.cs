using S3Overlay.Proxy.Hosting.Run;

namespace S3Overlay.Tests.Run;

/// <summary>The folders of runs in the system's temporary folder.</summary>
public sealed class RunFolderTests
{
    /// <summary>A run that ends removes the folders of killed runs, and must not take one for such that is just being created.</summary>
    [Fact]
    public void Runs_that_end_leave_those_alone_that_begin() => Parallel.For(0, 2_000, new() { MaxDegreeOfParallelism = 8 }, _ =>
    {
        using var folder = RunFolder.Create();
        Assert.True(File.Exists(folder.ConfigFile));
        Assert.True(File.Exists(folder.CredentialsFile));
    });
}
