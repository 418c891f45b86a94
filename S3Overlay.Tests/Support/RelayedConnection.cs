using System.Net.Sockets;

namespace S3Overlay.Tests.Support;

/// <summary>One connection through a <see cref="StoreRelay"/>.</summary>
internal sealed class RelayedConnection(Socket client, Uri store)
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private WireFault _fault;
    private long _left;

    public bool IsOver { get; private set; }

    /// <summary>Breaks the connection after more bytes of responses.</summary>
    public void Break(WireFault fault, long afterResponseBytes)
    {
        lock (_lock)
        {
            // A hanging connection never recovers, and its bytes are lost.
            if (_fault != WireFault.Hanging)
            {
                (_fault, _left) = (fault, afterResponseBytes);
            }
        }

        if (fault == WireFault.Refused)
        {
            Close();
        }
    }

    /// <summary>Begins to carry bytes.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Closes both sides.</summary>
    public void Close()
    {
        IsOver = true;
        _closed.TrySetResult();
        client.Dispose();
        _server.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(store.Host, store.Port);
            await Task.WhenAny(CarryAsync(client, _server, _ => (true, false)), CarryResponsesAsync());
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // One side is gone; so is the other.
        }
        finally
        {
            Close();
        }
    }

    private Task CarryResponsesAsync() => CarryAsync(_server, client, Allow);

    /// <summary>Whether bytes may pass, how many, and whether the connection is cut after them.</summary>
    private (bool Passes, bool IsEnd) Allow(int bytes)
    {
        lock (_lock)
        {
            if (_fault == WireFault.None)
            {
                return (true, false);
            }

            _left -= bytes;
            return _left >= 0 ? (true, false) : (false, _fault != WireFault.Hanging);
        }
    }

    private async Task CarryAsync(Socket from, Socket to, Func<int, (bool Passes, bool IsEnd)> allow)
    {
        // Small pieces, so that a fault lies close to the requested place.
        var buffer = new byte[4096];
        int read;
        try
        {
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                var (passes, isEnd) = allow(read);
                if (isEnd)
                {
                    return;
                }

                if (!passes)
                {
                    // Held back for as long as the other side waits.
                    await _closed.Task;
                    return;
                }

                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // As above.
        }
    }
}
