using System.Diagnostics;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks;

/// <summary>
/// What every comparison needs: a temporary folder, the test remote, and this process on the second processor.
/// </summary>
public sealed class Site : IAsyncDisposable
{
    private Site(string folder, StandInRemote remote) => (Folder, Remote) = (folder, remote);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The remote.</summary>
    public StandInRemote Remote { get; }

    /// <summary>Takes the folder and the processor.</summary>
    /// <param name="delay">How long the remote waits before each response.</param>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static async Task<Site> PrepareAsync(TimeSpan delay = default)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException(
                "The benchmarks read Linux's accounting of processor time and pin processes with taskset.");
        }

        if (Environment.ProcessorCount > 1)
        {
            Process.GetCurrentProcess().ProcessorAffinity = 2;
        }

        return new(Directory.CreateTempSubdirectory("s3overlay-bench-").FullName, await StandInRemote.StartAsync(delay));
    }

    /// <summary>Writes objects as files, for servers of files.</summary>
    public async Task WriteFilesAsync(IEnumerable<StoredObjects> objects)
    {
        foreach (var some in objects)
        {
            for (var i = 0; i < some.Count; i++)
            {
                var path = Path.Combine(Folder, "files", ProxyServer.Bucket, some.Key(i));
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllBytesAsync(path, LoadRequest.BodyOf(some.Size));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Remote.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
