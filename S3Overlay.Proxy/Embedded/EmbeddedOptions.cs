using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Embedded;

/// <summary>Options of the built-in store.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>Usual size of a full segment of the log in bytes.</summary>
    internal const long UsualLogSegmentSize = 16 << 20;

    /// <summary>The data folder. Created if missing; owned by one process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>True if a write is on disk before it is acknowledged. False trades durability for speed.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>The region of buckets created without one.</summary>
    public string Region { get; init; } = AwsHosts.DefaultRegion;

    /// <summary>The keys for SSE-S3 and SSE-KMS.</summary>
    public ServerKeys Keys { get; init; } = ServerKeys.None;

    /// <summary>True if clients may send encryption keys (SSE-C) over plain HTTP. S3 refuses that.</summary>
    public bool MayTakePlainKeys { get; init; }

    /// <summary>The account that owns buckets without an owner of their own, 12 digits; null if none is set.</summary>
    public string? AccountId { get; init; }

    /// <summary>The accounts that own buckets and objects, and that ACLs may name.</summary>
    public IAccounts Accounts { get; init; } = Protocol.Access.Accounts.None;

    /// <summary>Whether new buckets have ACLs and no public access block, as in S3 before April 2023.</summary>
    public bool NewBucketsHaveAcls { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The store's logger.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Small objects in memory. By default, none are kept.</summary>
    internal HotObjects Hot { get; init; } = new(limit: 0);

    /// <summary>Minimum size of every part but the last: 5 MiB in S3. Smaller in tests.</summary>
    internal long MinPartSize { get; init; } = 5 << 20;

    /// <summary>Size of a full segment of the log in bytes. Smaller in tests.</summary>
    internal long LogSegmentSize { get; init; } = UsualLogSegmentSize;

    /// <summary>Bytes of the database that may wait in memory for a disk that refuses them. Smaller in tests.</summary>
    internal long MostWaitingBytes { get; init; } = 16 << 20;

    /// <summary>A test's own disk.</summary>
    internal StoreDisk? Disk { get; init; }
}
