using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace S3Overlay.Benchmarks.Load;

/// <summary>One keep-alive connection that costs the client as little as possible: bytes out, length read, bytes in.</summary>
public sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[1 << 20];

    /// <summary>How long after its request the last response began.</summary>
    public TimeSpan FirstByte { get; private set; }

    /// <summary>Connects.</summary>
    public LoadConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>Sends a request and reads the whole response.</summary>
    /// <returns>The body's length in bytes.</returns>
    public long Exchange(LoadRequest request)
    {
        var sent = Stopwatch.GetTimestamp();
        _socket.Send(request.Head);
        if (!request.Body.IsEmpty)
        {
            _socket.Send(request.Body.Span);
        }

        var have = Receive(_buffer);
        FirstByte = Stopwatch.GetElapsedTime(sent);
        int end;
        while ((end = _buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
        {
            have += Receive(_buffer.AsSpan(have));
        }

        var head = _buffer.AsSpan(0, end);
        if (!head.StartsWith("HTTP/1.1 20"u8))
        {
            throw new InvalidOperationException("The server answered: " + Encoding.Latin1.GetString(_buffer, 0, Math.Min(have, 600)));
        }

        var length = request.ResponseHasBody && !head.StartsWith("HTTP/1.1 204"u8) ? ContentLength(head) : 0;
        for (var rest = length - (have - end - 4); rest > 0;)
        {
            rest -= Receive(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, rest)));
        }

        return length;
    }

    public void Dispose() => _socket.Dispose();

    private static long ContentLength(ReadOnlySpan<byte> head)
    {
        var name = "\r\ncontent-length:"u8;
        for (var i = 0; i + name.Length < head.Length; i++)
        {
            if (head[i] == '\r' && Ascii.EqualsIgnoreCase(head.Slice(i, name.Length), name))
            {
                var value = head[(i + name.Length)..];
                var line = value.IndexOf((byte)'\r');
                return long.Parse(line < 0 ? value : value[..line], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException("The response has no Content-Length.");
    }

    private int Receive(Span<byte> into) =>
        _socket.Receive(into) is > 0 and var read ? read : throw new EndOfStreamException("The server closed the connection.");
}
