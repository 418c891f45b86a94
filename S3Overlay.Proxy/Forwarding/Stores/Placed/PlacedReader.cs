using System.Buffers;

using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Reads some bytes of a copy under its own key. The bytes have no seals: what the store gives is believed, as it is of a written object.
/// </summary>
internal sealed class PlacedReader(PlacedCopy copy, ByteRange range) : IEntryReader
{
    /// <summary>So many bytes are rather passed over than asked for anew.</summary>
    private const long Near = 128 << 10;

    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(15);

    private long _position = range.First;
    private WireResponse? _answer;
    private Stream? _body;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_position > range.Last || buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            if (_body is null && !await OpenAsync(cancellationToken))
            {
                return 0;
            }

            var wanted = buffer[..(int)Math.Min(buffer.Length, range.Last + 1 - _position)];
            var read = await ReadWithinAsync(wanted, cancellationToken);
            _position += read;
            return read;
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            // It broke off: whoever goes on reading asks for the rest.
            await DisposeAsync();
            return 0;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_body is not null)
        {
            await _body.DisposeAsync();
            _body = null;
        }

        _answer?.Dispose();
        _answer = null;
    }

    private async ValueTask<bool> OpenAsync(CancellationToken cancellationToken)
    {
        _answer = copy.TakeStarted();
        if (_answer is not null && !IsUsable(BytesOf(_answer)))
        {
            _answer.Dispose();
            _answer = null;
        }

        _answer ??= await copy.AskAsync(range with { First = _position }, cancellationToken);
        if (_answer is null || BytesOf(_answer) is not { } bytes || !IsUsable(bytes))
        {
            return false;
        }

        _body = await _answer.BodyAsync(cancellationToken);
        await PassOverAsync(_position - bytes.First, cancellationToken);
        return true;
    }

    private bool IsUsable(ByteRange? bytes) => bytes is { } held && held.First <= _position && _position - held.First < Near
        && held.Last >= range.Last;

    private ByteRange? BytesOf(WireResponse answer) => answer.Status == 206 ? answer.ContentRange?.Range
        : answer.ContentLength is { } length && length == copy.Info.Size ? new ByteRange(0, length - 1)
        : null;

    private async ValueTask PassOverAsync(long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return;
        }

        var scratch = ArrayPool<byte>.Shared.Rent((int)count);
        try
        {
            while (count > 0)
            {
                var read = await ReadWithinAsync(scratch.AsMemory(0, (int)count), cancellationToken);
                count -= read > 0 ? read : throw new IOException("The store's answer ended early.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>A read that is given up still writes into its buffer when bytes come: it is ended first.</summary>
    private async ValueTask<int> ReadWithinAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var reading = _body!.ReadAsync(buffer, cancellationToken);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        var pending = reading.AsTask();
        try
        {
            return await pending.WaitAsync(Stall, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            _answer!.Dispose();
            await pending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The store's answer stands still.", failure);
        }
    }
}
