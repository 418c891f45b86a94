using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>How an index is kept.</summary>
public sealed record IndexOptions
{
    /// <summary>The folder it lives in, alone.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// How many bytes of recent commits are kept in memory before they become a sorted run; what start-up has to replay at most.
    /// </summary>
    public long FlushBytes { get; init; } = 16 << 20;

    /// <summary>The disk. Where that is durable, a commit is on it, not merely handed to the system, before it is acknowledged.</summary>
    internal StoreDisk Disk { get; init; } = new(isDurable: true);

    /// <summary>
    /// Whether the last process is known to have closed the index. A record that breaks off is then damage, and not what a crash left.
    /// </summary>
    public bool WasClosed { get; init; }

    /// <summary>Told of damage that is found in the background, where no caller is. Must not block.</summary>
    public Action<IndexDamagedException> Damaged { get; init; } = static _ => { };

    /// <summary>Where it says what goes wrong in the background.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
