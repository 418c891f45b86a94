using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A folder that goes with the test. The quick run has it in memory if Linux offers room there: the proxies sync every write, which takes a
/// real disk most of the time of a run.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    private static readonly string? InMemory = MakeRoot();

    public string Path { get; } = InMemory is null
        ? Directory.CreateTempSubdirectory("s3overlay-test-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(InMemory, $"{Guid.NewGuid():n}")).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

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

    /// <summary>One folder for the process, removed when it ends. Otherwise leftovers of tests would stay in memory.</summary>
    private static string? MakeRoot()
    {
        if (FullRunAttribute.IsOn || !OperatingSystem.IsLinux() || !Directory.Exists(Memory)
            || new DriveInfo(Memory).AvailableFreeSpace < 4L << 30)
        {
            return null;
        }

        var root = $"{Memory}/s3overlay-tests-{Environment.ProcessId}-{Guid.NewGuid():n}";
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(root, recursive: true);
            }
            catch (IOException)
            {
                // As above: a killed process may still hold a file.
            }
        };
        return root;
    }
}
