namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>Takes the records of requests to buckets that log them.</summary>
public interface IBucketLogs
{
    /// <summary>Whether a bucket logs its requests. One look-up in memory.</summary>
    bool Wants(string bucket);

    /// <summary>Takes the record of a request. Never waits: if too many are queued, the record is dropped and counted.</summary>
    void Add(BucketLogEntry entry);
}

/// <summary>A request, as the bucket's owner sees it in a log.</summary>
/// <param name="Request">The request with its response.</param>
public sealed record BucketLogEntry(AccessLogEntry Request)
{
    /// <summary>The logged bucket: the request's, or that of a copy's source.</summary>
    public required string Bucket { get; init; }

    /// <summary>The caller, as in <c>aws:PrincipalArn</c>; null for an unsigned request.</summary>
    public string? Requester { get; init; }

    /// <summary>Whether only an ACL allowed it.</summary>
    public bool NeededAcl { get; init; }

    /// <summary>The source, in the record of a copy's source; otherwise null.</summary>
    public CopiedObject? Copied { get; init; }

    /// <summary>What DeleteObjects did, key by key; null for other requests.</summary>
    public IReadOnlyList<DeletedObject>? Deleted { get; init; }

    /// <summary>About how many bytes of memory it takes.</summary>
    public int Weight
    {
        get
        {
            var weight = 600 + (2 * (Request.RawTarget.Length + Request.Key.Length + Request.UserAgent.Length + Request.Referer.Length
                + Request.Host.Length + (Requester?.Length ?? 0) + (Copied?.Key.Length ?? 0) + (Copied?.VersionId?.Length ?? 0)));
            foreach (var each in Deleted ?? [])
            {
                weight += 80 + (2 * (each.Key.Length + (each.VersionId?.Length ?? 0)));
            }

            return weight;
        }
    }
}

/// <summary>The source of a copy.</summary>
/// <param name="Key">Its key.</param>
/// <param name="VersionId">The version that was named; null for none.</param>
public sealed record CopiedObject(string Key, string? VersionId);

/// <summary>One key of DeleteObjects.</summary>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version that was named; null for none.</param>
/// <param name="Status">The status that a request for this key alone would have.</param>
/// <param name="Error">The error code; null for none.</param>
public sealed record DeletedObject(string Key, string? VersionId, int Status, string? Error);
