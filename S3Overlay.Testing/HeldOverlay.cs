using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Testing;

/// <summary>
/// An overlay over an empty folder of its own, until a reset replaces it. Requests hold it, and it closes once the last one has left.
/// </summary>
internal sealed class HeldOverlay(ProxyServices services, ProxyMeters meters, string folder)
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Requests that hold it, and one for the server. Once 0, it stays 0.</summary>
    private int _holders = 1;

    public ProxyServices Services => services;

    /// <summary>Keeps it open until <see cref="Release"/>. False if it is closing.</summary>
    public bool TryHold()
    {
        var holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _left.SetResult();
        }
    }

    /// <summary>Serves a request that holds it, then releases it.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        try
        {
            await services.FrontDoor.HandleAsync(context);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Waits for its requests, closes it and deletes its folder.</summary>
    public async Task CloseAsync()
    {
        Release();
        await _left.Task;
        await services.DisposeAsync();
        meters.Dispose();
        TestFolder.Delete(folder);
    }
}
