using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A folder that goes with the test. The quick run has it in memory if Linux offers room there: the proxies sync every write, which takes a
/// real disk most of the time of a run.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    private static readonly bool IsInMemory =
        !FullRunAttribute.IsOn && Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace > 4L << 30;

    /// <summary>Its path.</summary>
    public string Path { get; } = OperatingSystem.IsLinux() && IsInMemory
        ? Directory.CreateDirectory(
            $"{Memory}/s3overlay-test-{Guid.NewGuid():n}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName
        : Directory.CreateTempSubdirectory("s3overlay-test-").FullName;

    /// <summary>A path in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that was just killed may still hold a file; the folder is the system's to clean then.
        }
    }
}
