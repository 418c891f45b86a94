using System.Net;
using System.Net.Sockets;
using System.Text;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Endpoints that reset connections, as load balancers and stopping servers do.</summary>
[Trait("Rule", "F")]
public sealed class CutConnectionTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new(TimeSpan.FromSeconds(30));

    public CutConnectionTests() => _listener.Start();

    private EndpointSettings Settings =>
        new() { Role = "local store", IsWritable = true, Endpoint = new Uri($"http://{_listener.LocalEndpoint}") };

    public void Dispose()
    {
        _listener.Dispose();
        _end.Dispose();
    }

    /// <summary>The store may have acted on the request, so only idempotent requests are retried.</summary>
    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("DELETE", false)]
    [InlineData("PUT", false)]
    public async Task A_read_on_a_connection_that_is_reset_under_it_is_sent_over_another(string method, bool isRepeated)
    {
        var serving = ServeAsync();
        using var connection = new StoreConnection(Settings, new EndpointFacts(Settings));
        (await SendAsync(connection, "GET")).Dispose();
        if (isRepeated)
        {
            using var response = await SendAsync(connection, method);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        else
        {
            var failure = await Assert.ThrowsAsync<S3Exception>(() => SendAsync(connection, method));
            Assert.Equal((503, false),
                (failure.Error.Status, failure.Message.Contains(_listener.LocalEndpoint.ToString()!, StringComparison.Ordinal)));
        }

        await _end.CancelAsync();
        Assert.Equal(isRepeated ? 3 : 2, await serving);
    }

    /// <summary>HttpClient reads the remote address of a connection that no longer has one.</summary>
    [Fact]
    public async Task A_connection_that_is_reset_as_soon_as_it_is_made_is_one_that_could_not_be_made()
    {
        async ValueTask<Stream> ConnectAsync(DnsEndPoint to, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_listener.LocalEndpoint, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            using (var accepted = await _listener.AcceptSocketAsync(cancellationToken))
            {
                accepted.LingerState = new LingerOption(true, 0);
            }

            Assert.True(socket.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));
            return stream;
        }

        using var client = new S3WireClient(Settings with { Connect = ConnectAsync }, _ => default, TimeProvider.System);
        var failure =
            await Assert.ThrowsAsync<RemoteException>(() => client.SendAsync(new WireRequest("GET", "bucket", "key"), default));
        Assert.Equal(RemoteFailure.Unavailable, failure.Failure);
    }

    private async Task<HttpResponseMessage> SendAsync(StoreConnection connection, string method)
    {
        using var patience = new SilenceTimeout(TimeProvider.System, default);
        using var message = new HttpRequestMessage(new HttpMethod(method), Settings.Address) { Version = HttpVersion.Version11 };
        return await connection.SendAsync(message, "bucket", null, patience);
    }

    /// <summary>
    /// Responds to the first request of the first connection, resets that connection during the second, and responds to all others.
    /// </summary>
    /// <returns>How many requests came.</returns>
    private async Task<int> ServeAsync()
    {
        var requests = 0;
        try
        {
            for (var first = true; ; first = false)
            {
                using var socket = await _listener.AcceptSocketAsync(_end.Token);
                var buffer = new byte[8192];
                while (await ReadHeadAsync(socket, buffer))
                {
                    requests++;
                    if (first && requests == 2)
                    {
                        socket.LingerState = new LingerOption(true, 0);
                        break;
                    }

                    await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _end.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return requests;
        }
    }

    private async Task<bool> ReadHeadAsync(Socket socket, byte[] buffer)
    {
        for (var have = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(have), _end.Token);
            have += read;
            if (read == 0 || Encoding.ASCII.GetString(buffer, 0, have).Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                return read > 0;
            }
        }
    }
}
