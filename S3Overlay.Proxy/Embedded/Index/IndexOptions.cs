using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Options of an index.</summary>
public sealed record IndexOptions
{
    /// <summary>Its folder, used for nothing else.</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes of recent commits kept in memory before they become a sorted run; the maximum that a start must replay.</summary>
    public long FlushBytes { get; init; } = 16 << 20;

    /// <summary>The disk. If it is durable, a commit is synced before it is acknowledged.</summary>
    internal StoreDisk Disk { get; init; } = new(isDurable: true);

    /// <summary>
    /// True if the last process is known to have closed the index. An incomplete record is then damage, not the result of a crash.
    /// </summary>
    public bool WasClosed { get; init; }

    /// <summary>Called for damage found in the background, without a caller. Must not block.</summary>
    public Action<IndexDamagedException> Damaged { get; init; } = static _ => { };

    /// <summary>Gets background failures.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
