using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Which conditions the local layer judges itself at the instant it commits.</summary>
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

    /// <summary>PUT with <c>If-None-Match: *</c> writes a new key and refuses an existing one.</summary>
    public bool PutsIfNew { get; init; }

    /// <summary>
    /// PUT with If-Match accepts the right ETag, and refuses a wrong one or a missing key: a deleted key must stay deleted.
    /// </summary>
    public bool PutsIfMatch { get; init; }

    /// <summary>DELETE with If-Match accepts the right ETag and refuses a wrong one.</summary>
    public bool DeletesIfMatch { get; init; }

    /// <summary>CompleteMultipartUpload with If-None-Match refuses an existing key.</summary>
    public bool CompletesIfNew { get; init; }

    /// <summary>CompleteMultipartUpload with If-Match refuses a wrong ETag or a missing key.</summary>
    public bool CompletesIfMatch { get; init; }

    /// <summary>CopyObject with If-None-Match refuses an existing destination.</summary>
    public bool CopiesIfNew { get; init; }

    /// <summary>CopyObject with If-Match refuses a wrong ETag or a missing destination.</summary>
    public bool CopiesIfMatch { get; init; }

    /// <summary>
    /// The local layer locks a key from the headers of a conditional write until its response (MinIO): other requests for the key wait.
    /// </summary>
    public bool KeepKeys { get; init; }

    /// <summary>True if all conditions are judged.</summary>
    public bool AreAll => (this with { KeepKeys = false }) == All;

    /// <summary>
    /// True if the local layer judges the condition of a PutObject, CompleteMultipartUpload or CopyObject: <c>If-None-Match: *</c> if
    /// <paramref name="isForNewKey"/>, else If-Match.
    /// </summary>
    public bool Judge(S3Operation operation, bool isForNewKey) => (isForNewKey ? PutsIfNew : PutsIfMatch)
        && operation switch
        {
            S3Operation.CompleteMultipartUpload => isForNewKey ? CompletesIfNew : CompletesIfMatch,
            S3Operation.CopyObject => isForNewKey ? CopiesIfNew : CopiesIfMatch,
            _ => true,
        };

    /// <summary>The error for a condition that cannot be judged.</summary>
    public static S3Exception NotJudged() => new(
        S3Errors.NotImplemented,
        "The local store cannot judge this condition, and neither can the proxy, "
        + "because S3_OVERLAY_PROXIES says that other proxies write to it too. "
        + "If this is the only proxy, set S3_OVERLAY_PROXIES=1.");
}

/// <summary>Which conditions the local layer judges. A store behind a network must be asked first and may be unreachable.</summary>
public interface ILocalConditions
{
    /// <summary>
    /// True if all changes of the local layer go through this process (<c>S3_OVERLAY_PROXIES</c> is 1), so a lock taken here protects a
    /// judgement.
    /// </summary>
    bool IsAlone { get; }

    /// <summary>The result so far; null until the local layer was asked.</summary>
    LocalConditions? Known { get; }

    /// <summary>Which conditions the local layer judges.</summary>
    /// <exception cref="Protocol.S3Exception">ServiceUnavailable if the local layer cannot be asked.</exception>
    ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken);
}

/// <summary>The built-in store judges all conditions.</summary>
public sealed class BuiltInConditions : ILocalConditions
{
    /// <summary>The only instance.</summary>
    public static readonly BuiltInConditions Instance = new();

    /// <inheritdoc/>
    public bool IsAlone => true;

    /// <inheritdoc/>
    public LocalConditions Known => LocalConditions.All;

    /// <inheritdoc/>
    public ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken) => new(LocalConditions.All);
}
