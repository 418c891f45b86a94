using System.IO.Pipelines;
using System.Runtime.CompilerServices;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The answer to one request: status, headers and a body that is written as it comes. Status and headers may be changed until the
/// first body byte.
/// </summary>
public abstract class S3Response
{
    private const long Cut = 1L << 62;
    private const long Left = 1L << 61;

    /// <summary>
    /// What <see cref="Sent"/> says, and above it what became of the answer: one field for all, since every request has an answer.
    /// </summary>
    private long _sent;

    /// <summary>The HTTP status.</summary>
    public abstract int Status { get; set; }

    /// <summary>The headers, values as Latin-1.</summary>
    public abstract IHeaderDictionary Headers { get; }

    /// <summary>
    /// Whether status and headers are on their way, or bytes of the body wait to go with them, so that an error can no longer be answered.
    /// </summary>
    public abstract bool HasStarted { get; }

    /// <summary>
    /// Where the body goes, by <see cref="Advance"/> and <see cref="FlushAsync"/>, or <see cref="WriteAsync"/>, which count, and notice who
    /// is gone. Flush after each large piece: the pipe is what slows a producer to its client's speed.
    /// </summary>
    public abstract PipeWriter Body { get; }

    /// <summary>How many bytes of body there were so far.</summary>
    public long Sent => _sent & (Left - 1);

    /// <summary>Whether it was cut.</summary>
    public bool IsCut => (_sent & Cut) != 0;

    /// <summary>
    /// Whether nobody was there any more when bytes were to be sent. The connection says so a moment before it tells those who wait that it
    /// has ended, so that neither knows everything alone.
    /// </summary>
    public bool ClientDisconnected => (_sent & Left) != 0;

    /// <summary>
    /// Whether the body that was announced has gone out to its last byte: who leaves then has it, as far as anybody can tell.
    /// </summary>
    public bool IsWhole => Sent > 0 && Headers.ContentLength is { } length && Sent >= length;

    /// <summary>Notes that so many bytes of the body's memory are filled: they go out with the next flush.</summary>
    public void Advance(int bytes)
    {
        Body.Advance(bytes);
        Count(bytes);
    }

    /// <summary>Writes some bytes of body, and flushes.</summary>
    /// <returns>Whether there is still somebody to read them.</returns>
    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Count(bytes.Length);
        return Note(Body.WriteAsync(bytes, cancellationToken));
    }

    /// <summary>Sends what was written, and returns once there is room for more.</summary>
    /// <returns>Whether there is still somebody to read it.</returns>
    public ValueTask<bool> FlushAsync(CancellationToken cancellationToken) => Note(Body.FlushAsync(cancellationToken));

    /// <summary>Cuts the connection, so that a body which cannot be finished is never taken for a whole one.</summary>
    public virtual void Abort() => _sent |= Cut;

    private void Count(int bytes)
    {
        if (!IsCut)
        {
            _sent += bytes;
        }
    }

    private ValueTask<bool> Note(ValueTask<FlushResult> flushing) => flushing.IsCompletedSuccessfully ? new(Note(flushing.Result))
        : NoteLaterAsync(flushing);

    /// <summary>Every piece of a large body may wait here for its client: no waiting is an allocation.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> NoteLaterAsync(ValueTask<FlushResult> flushing) => Note(await flushing);

    private bool Note(FlushResult flushed)
    {
        if (flushed.IsCompleted)
        {
            _sent |= Left;
        }

        return !flushed.IsCompleted;
    }
}
