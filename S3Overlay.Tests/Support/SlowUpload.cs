using System.Net.Sockets;

namespace S3Overlay.Tests.Support;

/// <summary>An upload whose client sends half of its body and then pauses until it is released.</summary>
internal sealed class SlowUpload : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _rest;

    private SlowUpload(byte[] rest) => _rest = rest;

    public Task<RawResponse> Answer { get; private set; } = null!;

    /// <summary>Sends the first half.</summary>
    public static Task<SlowUpload> BeginAsync(OverlayHost proxy, string target, byte[] body,
        params (string Name, string Value)[] headers) =>
        BeginAsync(proxy.Endpoint, proxy.Http, target, body, headers);

    /// <summary>The same, to any endpoint.</summary>
    public static Task<SlowUpload> BeginAsync(Uri endpoint, SignedHttp http, string target, byte[] body,
        params (string Name, string Value)[] headers) =>
        BeginAsync(endpoint, http.Signed("PUT", target, body, headers), body);

    /// <summary>The same of a form.</summary>
    public static Task<SlowUpload> BeginFormAsync(OverlayHost proxy, string target, byte[] form) =>
        BeginAsync(proxy.Endpoint, proxy.Http.Signed("POST", target, form, UploadForm.ContentType), form);

    private static async Task<SlowUpload> BeginAsync(Uri endpoint, byte[] bytes, byte[] body)
    {
        var begun = bytes.Length - (body.Length / 2);
        var upload = new SlowUpload(bytes[begun..]);
        await upload._socket.ConnectAsync(endpoint.Host, endpoint.Port);
        await upload._socket.SendAsync(bytes.AsMemory(0, begun));
        upload.Answer = upload.ReadAsync();
        return upload;
    }

    /// <summary>Sends the rest, as far as anybody takes it.</summary>
    public async Task<RawResponse> FinishAsync()
    {
        try
        {
            await _socket.SendAsync(_rest);
        }
        catch (SocketException)
        {
            // It already has its response.
        }

        return await Answer;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<RawResponse> ReadAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var answer = new MemoryStream();
        try
        {
            var buffer = new byte[65536];
            while (await _socket.ReceiveAsync(buffer, limit.Token) is > 0 and var read)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (SocketException)
        {
            // What was said before that counts.
        }

        return RawResponse.Parse(answer.ToArray());
    }
}
