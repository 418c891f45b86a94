using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Support;

/// <summary>
/// Requests as bytes on a socket, signed or not, for what no well-behaved client sends. Targets are sent exactly as given. At an https
/// address, requests use HTTP/2, except those that only HTTP/1.1 can express, which use TLS.
/// </summary>
public sealed class SignedHttp(Uri endpoint, string accessKey = "minioadmin", string secretKey = "minioadmin")
{
    /// <summary>The Host header. By default the endpoint's.</summary>
    public string Host { get; init; } = endpoint.Authority;

    /// <summary>Whether to close the sending side after the request. To a server that looks like a client that disconnected.</summary>
    public bool ClosesSending { get; init; }

    /// <summary>Whether to keep the connection open.</summary>
    public bool KeepsConnection { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    private readonly RequestSigner _signer = new(new SigningCredentials(accessKey, secretKey), "us-east-1");

    /// <summary>Sends a signed request over a new connection and returns the response.</summary>
    /// <param name="target">The target exactly as sent in the request line.</param>
    /// <param name="headers">Further headers. They are signed if required.</param>
    public Task<RawResponse> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        SendAllAsync(method, target, body, WithSignature(method, target, headers));

    /// <summary>
    /// Sends a signed request whose body has no stated length: in chunks over HTTP/1.1, with nothing in the headers about it over HTTP/2.
    /// </summary>
    public Task<RawResponse> SendWithoutLengthAsync(string method, string target, byte[] body, params (string Name, string Value)[] headers)
    {
        var all = WithSignature(method, target, headers);
        return IsSecure
            ? Http2Client.SendAsync(endpoint, Host, method, target, body, hasLength: false, all)
            : SendBytesAsync(Bytes(
                method, target,
                [.. body.Length == 0 ? [] : Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. body.Length == 0 ? []
                    : "\r\n"u8, .. "0\r\n\r\n"u8],
                [.. all, ("Transfer-Encoding", "chunked")]));
    }

    /// <summary>The bytes that <see cref="SendAsync"/> sends, for tests that read the response in their own way.</summary>
    public byte[] Signed(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        Bytes(method, target, body, WithSignature(method, target, headers));

    private bool IsSecure => endpoint.Scheme == "https";

    private (string Name, string Value)[] WithSignature(string method, string target, (string Name, string Value)[] headers)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (target, "") : (target[..mark], target[(mark + 1)..]);
        var signed = headers.Where(h => RequestSigner.MustSign(h.Name) && h.Name != "x-amz-content-sha256")
            .Select(h => KeyValuePair.Create(h.Name, h.Value));
        var payload = headers.FirstOrDefault(h => h.Name == "x-amz-content-sha256").Value ?? SigV4.UnsignedPayload;
        var signature = _signer.Sign(method, Host, path, query, signed, payload, Clock.GetUtcNow());
        return [.. headers.Where(h => h.Name != "x-amz-content-sha256"), .. signature.Headers.Select(h => (h.Key, h.Value))];
    }

    /// <summary>A signed request with further headers that its signature does not cover.</summary>
    public byte[] SignedThen(string method, string target, string? body, params (string Name, string Value)[] unsigned)
    {
        var bytes = Signed(method, target, body is null ? null : Encoding.UTF8.GetBytes(body));
        var line = bytes.AsSpan().IndexOf("\r\n"u8) + 2;
        return [.. bytes[..line], .. Encoding.Latin1.GetBytes(string.Concat(unsigned.Select(static h => $"{h.Name}: {h.Value}\r\n"))),
            .. bytes[line..]];
    }

    /// <summary>Sends a request as it is.</summary>
    public Task<RawResponse> SendUnsignedAsync(string method, string target, byte[]? body = null,
        params (string Name, string Value)[] headers) =>
        SendAllAsync(method, target, body, headers);

    private Task<RawResponse> SendAllAsync(string method, string target, byte[]? body, (string Name, string Value)[] headers) =>
        IsSecure && !ClosesSending && !KeepsConnection
            && !headers.Any(static h => h.Name is "Content-Length" or "Transfer-Encoding" or "Expect" or "Connection")
            ? Http2Client.SendAsync(endpoint, Host, method, target, body, hasLength: true, headers)
            : SendBytesAsync(Bytes(method, target, body, headers));

    private byte[] Bytes(string method, string target, byte[]? body, (string Name, string Value)[] headers)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {Host}\r\n");
        if (!KeepsConnection && !headers.Any(static h => h.Name == "Connection"))
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

    /// <summary>Sends bytes and reads until the server closes the connection. Fails after a while.</summary>
    public async Task<RawResponse> SendBytesAsync(byte[] bytes)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token);
        using var answer = new MemoryStream();
        await using var stream = await OpenAsync(socket, limit.Token);
        var sending = SendAsync(socket, stream, bytes, limit.Token);
        try
        {
            var buffer = new byte[65536];
            int read;
            while ((read = await stream.ReadAsync(buffer, limit.Token)) > 0)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            // The server may cut the connection if it does not read the whole body. The response before that counts.
        }

        await sending;
        return RawResponse.Parse(answer.ToArray());
    }

    private async Task<Stream> OpenAsync(Socket socket, CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(socket, ownsSocket: false);
        if (!IsSecure)
        {
            return stream;
        }

        var secure = new SslStream(stream);
        await secure.AuthenticateAsClientAsync(TestCertificate.Trusting(endpoint.Host), cancellationToken);
        return secure;
    }

    /// <summary>Sends while reading, so that an early response is read even if the server then closes the connection.</summary>
    private async Task SendAsync(Socket socket, Stream stream, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
            if (ClosesSending)
            {
                await (stream is SslStream secure ? secure.ShutdownAsync() : Task.CompletedTask);
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            // What the server will not read.
        }
    }
}
