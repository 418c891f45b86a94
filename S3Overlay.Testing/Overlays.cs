using System.Globalization;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Testing;

/// <summary>
/// The overlay behind the port, and the one that takes its place at the next reset. All share the remotes and the cache; each has its own
/// empty data folder.
/// </summary>
/// <remarks>
/// <code>
///   reset   current = next     requests that begin from here on see no changes
///           old.Close          behind: when its last request has left, it closes and its folder is deleted
///           next = open        behind: so that a reset costs one exchange, however many changes there were
/// </code>
/// </remarks>
internal sealed class Overlays : IAsyncDisposable
{
    private readonly ProxyOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly Machine _machine;
    private readonly TestFolder _folder;
    private readonly ProxyMeters _meters;
    private readonly SemaphoreSlim _resetting = new(1);
    private SharedParts _shared = null!;
    private HeldOverlay _current = null!;
    private Task<HeldOverlay> _next = null!;
    private Task _closing = Task.CompletedTask;
    private int _opened;
    private volatile bool _isDisposed;

    private Overlays(ProxyOptions options, ILoggerFactory loggers, Machine machine, TestFolder folder) =>
        (_options, _loggers, _machine, _folder, _meters) = (options, loggers, machine, folder, new ProxyMeters(machine.Time));

    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<Overlays> OpenAsync(ProxyOptions options, ILoggerFactory loggers, Machine machine, TestFolder folder)
    {
        var overlays = new Overlays(options, loggers, machine, folder);
        try
        {
            overlays._shared = await SharedParts.OpenAsync(options, overlays._meters, loggers, machine);
        }
        catch
        {
            overlays._meters.Dispose();
            throw;
        }

        try
        {
            overlays._current = await overlays.OpenNextAsync();
        }
        catch
        {
            await overlays._shared.DisposeAsync();
            overlays._meters.Dispose();
            throw;
        }

        overlays._next = Task.Run(overlays.OpenNextAsync);
        return overlays;
    }

    /// <summary>Serves a request on the overlay of the moment, which it keeps to its end.</summary>
    public Task ServeAsync(HttpContext context) => HoldCurrent().ServeAsync(context);

    /// <summary>The overlay of the moment. The caller releases it.</summary>
    public HeldOverlay HoldCurrent()
    {
        // One that is closing was replaced before.
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(S3OverlayServer));
            var current = Volatile.Read(ref _current);
            if (current.TryHold())
            {
                return current;
            }
        }
    }

    /// <summary>Requests that begin after it see no changes.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        await _resetting.WaitAsync(cancellationToken);
        try
        {
            HeldOverlay next;
            try
            {
                next = await _next.WaitAsync(cancellationToken);
            }
            catch when (_next.IsFaulted)
            {
                // Such as a full disk. The next reset may have more luck.
                _next = Task.Run(OpenNextAsync, CancellationToken.None);
                throw;
            }

            var old = Interlocked.Exchange(ref _current, next);
            _next = Task.Run(OpenNextAsync, CancellationToken.None);
            _closing = Task.WhenAll(_closing, Task.Run(old.CloseAsync, CancellationToken.None));
        }
        finally
        {
            _resetting.Release();
        }
    }

    /// <summary>Closes all. No request may arrive any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _current.CloseAsync();
        await _closing;
        await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_next.IsCompletedSuccessfully)
        {
            await (await _next).CloseAsync();
        }

        await _shared.DisposeAsync();
        _meters.Dispose();
        _resetting.Dispose();
    }

    private async Task<HeldOverlay> OpenNextAsync()
    {
        var folder = _folder[Interlocked.Increment(ref _opened).ToString(CultureInfo.InvariantCulture)];
        var meters = new ProxyMeters(_machine.Time);
        try
        {
            var options = _options with { Local = _options.Local with { DataDirectory = folder } };
            return new HeldOverlay(await ProxyServices.OpenAsync(options, meters, _loggers, _machine, _shared), meters, folder);
        }
        catch
        {
            meters.Dispose();
            throw;
        }
    }
}
