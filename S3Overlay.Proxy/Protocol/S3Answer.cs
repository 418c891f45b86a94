using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The answer to one request: status, headers and a body that is written as it comes. Status and headers may be changed until the
/// first body byte or <see cref="StartAsync"/>.
/// </summary>
public abstract class S3Answer
{
    /// <summary>What <see cref="Sent"/> says, its bits turned round once the answer is cut: one field for both, since every request has an answer.</summary>
    private long _sent;

    /// <summary>The HTTP status.</summary>
    public abstract int Status { get; set; }

    /// <summary>The headers, values as Latin-1.</summary>
    public abstract IHeaderDictionary Headers { get; }

    /// <summary>Whether status and headers are on their way, so that an error can no longer be answered.</summary>
    public abstract bool HasStarted { get; }

    /// <summary>
    /// Where the body goes, by <see cref="Advance"/> or <see cref="WriteAsync"/>, which count. Flush after each large piece: the pipe is what slows a producer to its
    /// client's speed.
    /// </summary>
    public abstract PipeWriter Body { get; }

    /// <summary>How many bytes of body there were so far.</summary>
    public long Sent => _sent < 0 ? ~_sent : _sent;

    /// <summary>Whether it was cut.</summary>
    public bool IsCut => _sent < 0;

    /// <summary>Notes that so many bytes of the body's memory are filled: they go out with the next flush.</summary>
    public void Advance(int bytes)
    {
        Body.Advance(bytes);
        Count(bytes);
    }

    /// <summary>Writes some bytes of body, and flushes.</summary>
    public ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Count(bytes.Length);
        return Body.WriteAsync(bytes, cancellationToken);
    }

    /// <summary>Sends status and headers now.</summary>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Cuts the connection, so that a body which cannot be finished is never taken for a whole one.</summary>
    public virtual void Abort() => _sent = ~Sent;

    private void Count(int bytes)
    {
        if (_sent >= 0)
        {
            _sent += bytes;
        }
    }
}
