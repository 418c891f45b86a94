using System.Buffers;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>
/// Reads <c>multipart/form-data</c> part by part as it arrives. Uses one buffer for parts of any size, and returns only bytes that
/// certainly belong to the part.
/// </summary>
/// <remarks>RFC 2046, section 5.1; RFC 7578.</remarks>
/// <param name="boundary">The boundary, without its leading hyphens.</param>
/// <param name="limit">The most bytes of the body before the end of a part's header, which keeps fields small.</param>
internal sealed class MultipartReader(S3Body source, string boundary, int limit) : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly byte[] _delimiter = [.. "\r\n--"u8, .. System.Text.Encoding.Latin1.GetBytes(boundary)];
    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>The number of bytes after <see cref="_start"/> that certainly belong to the part.</summary>
    private int _data;

    /// <summary>Whether a delimiter follows them.</summary>
    private bool _isDelimited;

    /// <summary>Bytes of the body consumed so far: parts, their headers, boundaries.</summary>
    public long Consumed { get; private set; }

    /// <summary>The fewest bytes that can follow the part: a delimiter and the two hyphens that close it.</summary>
    public int ShortestEnd => _delimiter.Length + 2;

    /// <summary>Skips the rest of this part and goes to the next.</summary>
    /// <returns>The lines of its header, separated by CRLF; null if there is no further part. Valid until the next call.</returns>
    /// <exception cref="S3Exception">MalformedPOSTRequest; MaxPostPreDataLengthExceededError.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextPartAsync(CancellationToken cancellationToken)
    {
        while (await NextDataAsync(cancellationToken) is var skipped && skipped > 0)
        {
            Use(skipped);
            CheckLimit(0);
        }

        Use(_delimiter.Length);
        _isDelimited = false;
        if (await IsClosedAsync(cancellationToken))
        {
            return null;
        }

        // Include the end of the delimiter's line, so that a part without a header needs no special case.
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            CheckLimit(_end - _start);
            await FillAsync(cancellationToken);
        }

        CheckLimit(length + 4);
        var header = length == 0 ? default : _buffer.AsMemory(_start + 2, length - 2);
        Use(length + 4);
        return header;
    }

    /// <summary>Reads bytes of the part. Returns 0 at its end, repeatedly.</summary>
    /// <exception cref="S3Exception">MalformedPOSTRequest: the body ends before the part does.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = Math.Min(await NextDataAsync(cancellationToken), buffer.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer.Span);
        Use(count);
        return count;
    }

    /// <summary>Reads the rest of the body, so that all its checks run.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        (_start, _end, _data, _isDelimited) = (0, 0, 0, false);
        while (await source.ReadAsync(Buffer, cancellationToken) > 0)
        {
        }
    }

    /// <summary>Returns the buffer.</summary>
    public void Dispose()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    private byte[] Buffer
    {
        get
        {
            if (_buffer is null)
            {
                // Start with a line end, so that the first delimiter looks like any other.
                _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                "\r\n"u8.CopyTo(_buffer);
                (_end, Consumed) = (2, -2);
            }

            return _buffer;
        }
    }

    /// <summary>Makes bytes of the part available and returns their number; 0 at its end.</summary>
    private async ValueTask<int> NextDataAsync(CancellationToken cancellationToken)
    {
        while (_data == 0 && !_isDelimited)
        {
            Look(Buffer.AsSpan(_start, _end - _start));
            if (_data == 0 && !_isDelimited)
            {
                await FillAsync(cancellationToken);
            }
        }

        return _data;
    }

    private void Look(ReadOnlySpan<byte> window)
    {
        var delimiter = window.IndexOf(_delimiter);
        if (delimiter >= 0)
        {
            (_data, _isDelimited) = (delimiter, true);
            return;
        }

        // The last bytes may start a delimiter.
        _data = window.Length;
        for (var tail = Math.Max(0, window.Length - _delimiter.Length + 1); tail < window.Length; tail++)
        {
            if (_delimiter.AsSpan().StartsWith(window[tail..]))
            {
                _data = tail;
                return;
            }
        }
    }

    /// <summary>Reads the rest of a delimiter's line: true after the closing delimiter, false at CRLF.</summary>
    private async ValueTask<bool> IsClosedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_end - _start < 2)
            {
                await FillAsync(cancellationToken);
            }

            var next = _buffer.AsSpan(_start, 2);
            if (next.SequenceEqual("\r\n"u8))
            {
                return false;
            }

            if (next.SequenceEqual("--"u8))
            {
                return true;
            }

            if (next[0] is not ((byte)' ' or (byte)'\t'))
            {
                throw Malformed();
            }

            Use(1);
            CheckLimit(0);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var buffer = Buffer;
        if (_start > 0)
        {
            buffer.AsSpan(_start, _end - _start).CopyTo(buffer);
            (_start, _end) = (0, _end - _start);
        }

        var read = _end == buffer.Length ? 0 : await source.ReadAsync(buffer.AsMemory(_end), cancellationToken);
        _end += read > 0 ? read : throw Malformed();
    }

    private void Use(int count)
    {
        _start += count;
        _data = Math.Max(0, _data - count);
        Consumed += count;
    }

    private void CheckLimit(int further)
    {
        if (Consumed + further > limit)
        {
            throw new S3Exception(S3Errors.MaxPostPreDataLengthExceeded);
        }
    }

    private static S3Exception Malformed() => new(S3Errors.MalformedPostRequest);
}
