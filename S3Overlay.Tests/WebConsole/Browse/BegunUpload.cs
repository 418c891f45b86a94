using System.Globalization;
using System.Net.Sockets;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>An upload to the console whose browser has sent the first bytes, and sends no more.</summary>
internal sealed class BegunUpload : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private BegunUpload()
    {
    }

    /// <summary>Sends the head, and some of the body.</summary>
    public static async Task<BegunUpload> BeginAsync(ConsoleClient client, string target, long length)
    {
        var token = ConsoleClient.TokenOf(await client.PageAsync("/browse"));
        var head = string.Create(CultureInfo.InvariantCulture,
            $"PUT {target} HTTP/1.1\r\nHost: {client.Console.Authority}\r\nCookie: {client.Cookies.GetCookieHeader(client.Console)}\r\n"
            + $"RequestVerificationToken: {token}\r\nContent-Length: {length}\r\n\r\n");
        var upload = new BegunUpload();
        await upload._socket.ConnectAsync(client.Console.Host, client.Console.Port);
        await upload._socket.SendAsync(Encoding.ASCII.GetBytes(head));
        await upload._socket.SendAsync(new byte[100_000]);
        return upload;
    }

    /// <summary>Waits until the console has cut the connection, without an answer.</summary>
    public async Task CutAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            Assert.Equal(0, await _socket.ReceiveAsync(new byte[1000], limit.Token));
        }
        catch (SocketException)
        {
            // A reset.
        }
    }

    public void Dispose() => _socket.Dispose();
}
