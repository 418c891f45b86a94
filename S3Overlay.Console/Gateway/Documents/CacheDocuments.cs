namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>An item of <c>GET cached</c>.</summary>
public sealed record CacheEntryDocument(
    string Bucket, string Key, long Size, long Bytes, long Chunks, long FullChunks, long Age, DateTimeOffset? Used, EntryState State,
    bool Pinned)
{
    /// <summary>Bucket and key.</summary>
    public string Name => $"{Bucket}/{Key}";
}

/// <summary>Whether reads use an entry.</summary>
public enum EntryState
{
    /// <summary>Without asking the remote.</summary>
    Fresh,

    /// <summary>The next read asks the remote.</summary>
    Stale,

    /// <summary>It is of another remote or chunk size.</summary>
    Unusable,
}

/// <summary>An item of <c>GET pins</c>: a key, or a prefix, which is empty for the whole bucket.</summary>
public sealed record PinDocument(
    string Bucket, string? Key, string? Prefix, DateTimeOffset Since, long Bytes, long Entries, long CachedBytes);

/// <summary>What <c>POST evict</c> did, or would do.</summary>
public sealed record EvictDocument(long Entries, long Bytes, long Failed, long Pinned);

/// <summary>What <c>POST pin</c> and <c>POST unpin</c> did.</summary>
public sealed record PinChangeDocument(long Objects, long Bytes, long Entries, long CachedBytes);

/// <summary>How far <c>POST warm</c> is.</summary>
public sealed record WarmDocument(
    long Brought, long Bytes, long Held, long HeldBytes, long? Objects, long? ObjectBytes, long NotCached, long Absent, long Failed,
    string? Problem, FullCacheDocument? Stopped);

/// <summary>The cache is full: more would evict what was brought.</summary>
public sealed record FullCacheDocument(long? Room, long Next);
