using System.Globalization;
using System.Net.Sockets;
using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Support;

/// <summary>
/// Requests as bytes on a socket, signed or not: for what no well-behaved client sends. Targets go out exactly as given.
/// </summary>
public sealed class SignedHttp(Uri endpoint, string accessKey = "minioadmin", string secretKey = "minioadmin")
{
    /// <summary>The Host header: the endpoint's own unless said otherwise.</summary>
    public string Host { get; init; } = endpoint.Authority;

    /// <summary>Whether the client's side is closed once all is sent. To a server that looks like a client that went away.</summary>
    public bool ClosesSending { get; init; }

    /// <summary>Whether the client would use the connection again: it does not ask for its end.</summary>
    public bool KeepsConnection { get; init; }

    /// <summary>The client's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    private readonly RequestSigner _signer = new(new SigningCredentials(accessKey, secretKey), "us-east-1");

    /// <summary>Sends a signed request over a connection of its own and returns the answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="target">The target as it shall stand in the request line.</param>
    /// <param name="body">The body, or null for none.</param>
    /// <param name="headers">Further headers; those that have to be are signed.</param>
    public Task<RawAnswer> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        SendBytesAsync(Signed(method, target, body, headers));

    /// <summary>A signed request as the bytes that <see cref="SendAsync"/> sends, for who reads the answer in a way of its own.</summary>
    public byte[] Signed(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (target, "") : (target[..mark], target[(mark + 1)..]);
        var signed = headers.Where(h => RequestSigner.MustSign(h.Name) && h.Name != "x-amz-content-sha256")
            .Select(h => KeyValuePair.Create(h.Name, h.Value));
        var payload = headers.FirstOrDefault(h => h.Name == "x-amz-content-sha256").Value ?? SigV4.UnsignedPayload;
        var signature = _signer.Sign(method, Host, path, query, signed, payload, Clock.GetUtcNow());
        var all = headers.Where(h => h.Name != "x-amz-content-sha256").Concat(signature.Headers.Select(h => (h.Key, h.Value)));
        return Bytes(method, target, body, [.. all]);
    }

    /// <summary>Sends a request as it is.</summary>
    public Task<RawAnswer> SendUnsignedAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        SendBytesAsync(Bytes(method, target, body, headers));

    private byte[] Bytes(string method, string target, byte[]? body, (string Name, string Value)[] headers)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {Host}\r\n");
        if (!KeepsConnection)
        {
            head.Append("Connection: close\r\n");
        }

        foreach (var (name, value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (body is not null && !headers.Any(h => h.Name is "Content-Length" or "Transfer-Encoding"))
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
    }

    /// <summary>Sends bytes and reads until the server closes; fails after a while, since hanging is the worst of answers.</summary>
    public async Task<RawAnswer> SendBytesAsync(byte[] bytes)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token);
        using var answer = new MemoryStream();
        var sending = SendAsync(socket, bytes, limit.Token);
        try
        {
            var buffer = new byte[65536];
            int read;
            while ((read = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (SocketException)
        {
            // The server may cut the connection of a client that sends what it will not read; what it said before that counts.
        }

        await sending;
        return RawAnswer.Parse(answer.ToArray());
    }

    /// <summary>Sends beside the reading: an answer that comes before all is sent is read even where the server then closes.</summary>
    private async Task SendAsync(Socket socket, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(bytes, cancellationToken);
            if (ClosesSending)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // What the server will not read.
        }
    }
}
