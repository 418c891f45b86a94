using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which conditions local judges itself in the instant it commits.</summary>
/// <param name="PutsIfNew"><c>If-None-Match: *</c> of a write.</param>
/// <param name="PutsIfMatch">If-Match of a write.</param>
/// <param name="DeletesIfMatch">If-Match of a delete.</param>
/// <param name="CompletesIfNew"><c>If-None-Match: *</c> of CompleteMultipartUpload.</param>
/// <param name="CompletesIfMatch">If-Match of it.</param>
/// <param name="CopiesIfNew"><c>If-None-Match: *</c> of CopyObject.</param>
/// <param name="CopiesIfMatch">If-Match of it.</param>
public sealed record LocalConditions(
    bool PutsIfNew, bool PutsIfMatch, bool DeletesIfMatch, bool CompletesIfNew, bool CompletesIfMatch, bool CopiesIfNew, bool CopiesIfMatch)
{
    /// <summary>All of them: the built-in store.</summary>
    public static readonly LocalConditions All = new(true, true, true, true, true, true, true);

    /// <summary>
    /// Whether local keeps a key to a conditional write of it from the beginning of that write to its end (MinIO): whoever else asks for the key, or changes it, waits meanwhile.
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
