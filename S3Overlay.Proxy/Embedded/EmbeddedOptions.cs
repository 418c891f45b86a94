using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Protocol.Regions;

namespace S3Overlay.Proxy.Embedded;

/// <summary>How the built-in store is opened.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>The data folder. Made where it is missing; owned by one process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether a write is on disk before it is acknowledged. False trades that for speed.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>The region of buckets that are made without one of their own.</summary>
    public string Region { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the store says what happens to it.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The least size of every part but the last: 5 MiB in S3. Tests make it small.</summary>
    internal long MinPartSize { get; init; } = 5 << 20;

    /// <summary>How many bytes a full segment of the log of deletes has: then the next one is begun. Tests make it small.</summary>
    internal long DeleteSegmentSize { get; init; } = 16 << 20;

    /// <summary>How many bytes of rows the index keeps in memory, and may be behind by. Tests make it small.</summary>
    internal long IndexFlushBytes { get; init; } = 16 << 20;

    /// <summary>The disk, where a test wants one of its own.</summary>
    internal Files.StoreDisk? Disk { get; init; }
}
