using System.Net;
using System.Net.Sockets;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The wire between a proxy and its store: one port that outlives the store. It can be cut, delayed and refused.
/// </summary>
public sealed class StoreRelay : IAsyncDisposable
{
    private readonly List<RelayedConnection> _connections = [];
    private readonly Lock _lock = new();

    /// <summary>Reserves the port while nothing listens on it. No other test's server can take it, and connections are refused.</summary>
    private readonly Socket _port = Bound(0);
    private TcpListener _listener;
    private Task _accepting;

    /// <summary>A wire to a store.</summary>
    public StoreRelay(Uri store)
    {
        Store = store;
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_port.LocalEndPoint!).Port}");
        _listener = Listening(Endpoint.Port);
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>The store that new connections lead to.</summary>
    public Uri Store { get; set; }

    /// <summary>The store's address, as the proxy sees it.</summary>
    public Uri Endpoint { get; }

    /// <summary>
    /// The number of response bytes after which <see cref="Fault"/> applies, or null for never. Counted for each connection from when it is
    /// set.
    /// </summary>
    public long? ResponseBytes { get; private set; }

    public WireFault Fault { get; private set; }

    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count(connection => !connection.IsOver);
            }
        }
    }

    /// <summary>Breaks the wire. Open connections notice.</summary>
    public void Break(WireFault fault, long afterResponseBytes = 0)
    {
        lock (_lock)
        {
            (Fault, ResponseBytes) = (fault, afterResponseBytes);
            foreach (var connection in _connections)
            {
                connection.Break(fault, afterResponseBytes);
            }

            if (fault == WireFault.Refused)
            {
                _listener.Stop();
            }
        }
    }

    /// <summary>The store is back on its port. Existing connections stay as they are.</summary>
    public void Mend()
    {
        lock (_lock)
        {
            var wasRefused = Fault == WireFault.Refused;
            (Fault, ResponseBytes) = (WireFault.None, null);
            if (wasRefused)
            {
                _listener = Listening(Endpoint.Port);
                _accepting = AcceptAsync(_listener);
            }
        }
    }

    /// <summary>Closes every connection, as a store that ends or tires of waiting does.</summary>
    public void CloseConnections()
    {
        lock (_lock)
        {
            foreach (var connection in _connections)
            {
                connection.Close();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _listener.Stop();
        }

        CloseConnections();
        await _accepting;
        _port.Dispose();
    }

    private static Socket Bound(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private static TcpListener Listening(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Start();
        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            lock (_lock)
            {
                _connections.RemoveAll(connection => connection.IsOver);
                var connection = new RelayedConnection(client, Store);
                _connections.Add(connection);
                connection.Break(Fault, ResponseBytes ?? 0);
                connection.Start();
            }
        }
    }
}
