using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The response to one request: status, headers, and a body written as it becomes available. Status and headers can change until the first
/// byte of the body.
/// </summary>
public abstract class S3Response
{
    private const long Cut = 1L << 62;
    private const long Left = 1L << 61;
    private const long Polled = 1L << 60;

    /// <summary>The count of <see cref="Sent"/>, with flags in the highest bits: one field, since every request has a response.</summary>
    private long _sent;

    private Turn _turn = new(256 << 10);

    /// <summary>The HTTP status.</summary>
    public abstract int Status { get; set; }

    /// <summary>The headers, values as Latin-1.</summary>
    public abstract IHeaderDictionary Headers { get; }

    /// <summary>Whether status and headers were sent or are about to be, so that an error can no longer be returned.</summary>
    public abstract bool HasStarted { get; }

    /// <summary>
    /// The body. Write through <see cref="Advance"/> and <see cref="FlushAsync"/>, or <see cref="WriteAsync"/>: they count, and notice a
    /// disconnected client. Flush after each large piece, which slows the producer to the client's speed.
    /// </summary>
    public abstract PipeWriter Body { get; }

    /// <summary>Bytes of body so far.</summary>
    public long Sent => _sent & (Polled - 1);

    /// <summary>Whether the connection was cut.</summary>
    public bool IsCut => (_sent & Cut) != 0;

    /// <summary>
    /// Whether a write found the client disconnected. The connection reports this slightly before it cancels waiting work, so check both.
    /// </summary>
    public bool ClientDisconnected => (_sent & Left) != 0;

    /// <summary>Whether a program asks for this again and again, so that logs and traces without it say more.</summary>
    public bool IsPolled => (_sent & Polled) != 0;

    /// <summary>
    /// Whether the announced body was sent completely. A client that disconnects after that has everything, as far as the proxy can know.
    /// </summary>
    public bool IsWhole => Sent > 0 && Headers.ContentLength is { } length && Sent >= length;

    /// <summary>Marks the response as one that is asked for again and again.</summary>
    public void MarkPolled() => _sent |= Polled;

    /// <summary>Counts bytes written to the body's memory; they are sent with the next flush.</summary>
    public void Advance(int bytes)
    {
        Body.Advance(bytes);
        Count(bytes);
    }

    /// <summary>Sends a text as the whole body.</summary>
    public async Task SendTextAsync(S3Request request, string text, string type, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Headers.ContentType = type;
        Headers.ContentLength = bytes.Length;
        if (!request.IsHead)
        {
            await WriteAsync(bytes, cancellationToken);
        }
    }

    /// <summary>Writes bytes of the body, and flushes.</summary>
    /// <returns>Whether the client is still connected.</returns>
    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Count(bytes.Length);
        return Note(Body.WriteAsync(bytes, cancellationToken));
    }

    /// <summary>
    /// Sends what was written, and returns once there is room for more. A client that reads as fast as we send never lacks room; so other
    /// connections get a turn now and then.
    /// </summary>
    /// <returns>Whether the client is still connected.</returns>
    public ValueTask<bool> FlushAsync(CancellationToken cancellationToken) => Note(Body.FlushAsync(cancellationToken));

    /// <summary>Cuts the connection, so that an incomplete body never looks complete.</summary>
    public virtual void Abort() => _sent |= Cut;

    private void Count(int bytes)
    {
        _turn.Did(bytes);
        if (!IsCut)
        {
            _sent += bytes;
        }
    }

    private ValueTask<bool> Note(ValueTask<FlushResult> flushing) =>
        flushing.IsCompletedSuccessfully && !_turn.IsOver ? new(Note(flushing.Result)) : NoteLaterAsync(flushing);

    /// <summary>Pooled: each piece of a large body may wait here for its client.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> NoteLaterAsync(ValueTask<FlushResult> flushing)
    {
        if (flushing.IsCompletedSuccessfully)
        {
            await Task.Yield();
        }

        var flushed = await flushing;
        _turn.Begin();
        return Note(flushed);
    }

    private bool Note(FlushResult flushed)
    {
        if (flushed.IsCompleted)
        {
            _sent |= Left;
        }

        return !flushed.IsCompleted;
    }
}
