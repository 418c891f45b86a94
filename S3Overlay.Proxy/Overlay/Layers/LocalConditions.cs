using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which conditions local judges itself in the instant it commits.</summary>
public sealed record LocalConditions
{
    /// <summary>All of them: the built-in store.</summary>
    public static readonly LocalConditions All = new()
    {
        PutsIfNew = true,
        PutsIfMatch = true,
        DeletesIfMatch = true,
        CompletesIfNew = true,
        CompletesIfMatch = true,
        CopiesIfNew = true,
        CopiesIfMatch = true,
    };

    /// <summary>PUT with <c>If-None-Match: *</c> writes a new key and refuses one that is there.</summary>
    public bool PutsIfNew { get; init; }

    /// <summary>
    /// PUT with If-Match takes the right ETag and refuses a wrong one, and any where nothing is there: what was deleted meanwhile must stay
    /// so.
    /// </summary>
    public bool PutsIfMatch { get; init; }

    /// <summary>DELETE with If-Match takes the right ETag and refuses a wrong one.</summary>
    public bool DeletesIfMatch { get; init; }

    /// <summary>CompleteMultipartUpload refuses a key that is there where If-None-Match says so.</summary>
    public bool CompletesIfNew { get; init; }

    /// <summary>It refuses a wrong ETag, too, where If-Match says so, and any where nothing is there.</summary>
    public bool CompletesIfMatch { get; init; }

    /// <summary>CopyObject refuses a destination that is there where If-None-Match says so.</summary>
    public bool CopiesIfNew { get; init; }

    /// <summary>It refuses a wrong ETag of its destination, too, where If-Match says so, and any where nothing is there.</summary>
    public bool CopiesIfMatch { get; init; }

    /// <summary>
    /// Local keeps a key to a conditional write of it from the headers of that write to its answer (MinIO): whoever else asks for the key,
    /// or changes it, waits meanwhile.
    /// </summary>
    public bool KeepKeys { get; init; }

    /// <summary>Whether that is all.</summary>
    public bool AreAll => (this with { KeepKeys = false }) == All;

    /// <summary>Whether local judges such a write.</summary>
    /// <param name="operation">PutObject, CompleteMultipartUpload, CopyObject.</param>
    /// <param name="isForNewKey">Whether it goes to local with <c>If-None-Match: *</c>, else with If-Match.</param>
    public bool Judge(S3Operation operation, bool isForNewKey) =>
        (isForNewKey ? PutsIfNew : PutsIfMatch)
        && operation switch
        {
            S3Operation.CompleteMultipartUpload => isForNewKey ? CompletesIfNew : CompletesIfMatch,
            S3Operation.CopyObject => isForNewKey ? CopiesIfNew : CopiesIfMatch,
            _ => true,
        };

    /// <summary>What a client is told whose condition nobody can judge.</summary>
    public static S3Exception NotJudged() => new(
        S3Errors.NotImplemented,
        "The local store does not judge this condition itself, and S3_OVERLAY_PROXIES says that other proxies write to it too: nobody can. "
        + "Where this is the only proxy, S3_OVERLAY_PROXIES=1 lets it judge.");
}
