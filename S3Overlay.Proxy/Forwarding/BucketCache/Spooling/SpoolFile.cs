using Microsoft.Win32.SafeHandles;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>An open, nameless file with its reserved space.</summary>
internal sealed class SpoolFile(SafeFileHandle handle, Action giveBack) : IDisposable
{
    private int _disposed;

    /// <summary>The file.</summary>
    public SafeFileHandle Handle => handle;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            handle.Dispose();
            giveBack();
        }
    }
}
