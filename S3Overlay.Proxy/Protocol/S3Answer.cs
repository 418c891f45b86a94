using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// The answer to one request: status, headers and a body that is written as it comes. Status and headers may be changed until the
/// first body byte or <see cref="StartAsync"/>.
/// </summary>
public abstract class S3Answer
{
    /// <summary>The HTTP status.</summary>
    public abstract int Status { get; set; }

    /// <summary>The headers, values as Latin-1.</summary>
    public abstract IHeaderDictionary Headers { get; }

    /// <summary>Whether status and headers are on their way, so that an error can no longer be answered.</summary>
    public abstract bool HasStarted { get; }

    /// <summary>Where the body goes. Flush after each large piece: the pipe is what slows a producer to its client's speed.</summary>
    public abstract PipeWriter Body { get; }

    /// <summary>Sends status and headers now.</summary>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Cuts the connection, so that a body which cannot be finished is never taken for a whole one.</summary>
    public abstract void Abort();
}
