using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Deletes;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// What the delete of a key comes to: all that is found out before any of it is done, so that a delete which fails of finding it out has
/// not begun.
/// </summary>
/// <remarks>
/// <code>
///   the key is            conditions are judged on   of local goes                               a tombstone that was not there goes again
///   anything              none are said              what it has; else its marker, if any         never
///   written               local's object             it, while the conditions hold               where local refuses
///   deleted               nothing                    a marker, where local leaves one            (there is one)
///     version null asked  that version, if any       it, while the conditions hold               (there is one)
/// the remote's, absent  the remote's, nothing      a marker, where local leaves one            where local refuses, or somebody wrote
/// under it
///     written meanwhile   the same                   what was written, if they hold of it too    where local refuses
///     version null asked  that version, if any       it, while the conditions hold               where local refuses
/// </code>
/// </remarks>
internal sealed record DeletePlan
{
    /// <summary>Whether the key gets a tombstone.</summary>
    public required bool LeavesTombstone { get; init; }

    /// <summary>
    /// Whether local is asked to delete what it has, whatever that may be. Else that depends on what the key is once the tombstone is
    /// there: another proxy may have written it.
    /// </summary>
    public required bool IsLocals { get; init; }

    /// <summary>Whether local, asked to delete a key that it lacks, leaves a delete marker.</summary>
    public bool LeavesMarker { get; init; }

    /// <summary>Whether the tombstone is this delete's own, which goes with it where local refuses: nobody relies on it.</summary>
    public bool TakesTombstoneBack { get; init; }

    /// <summary>
    /// The version that the tombstone says it is put over, one that it takes back where local refuses: so that whoever deletes that version
    /// by its id takes along what a delete left that came no further. Null where local keeps none.
    /// </summary>
    public string? Over { get; init; }

    /// <summary>What local is to judge once more when it deletes; null where there are no conditions, or it cannot.</summary>
    public DeleteConditions? ForLocal { get; init; }

    /// <summary>What the conditions were found to hold of; null for nothing.</summary>
    public LocalObject? Judged { get; init; }

    /// <summary>
    /// Whether a version was asked for, which can be written by nobody but as the newest: one that is not there stays away.
    /// </summary>
    public bool IsOfVersion { get; init; }

    /// <summary>
    /// The If-Match of the request to local for what it has; null for none. Local may know no other condition, so that of these it is held
    /// to the object of which they were found to hold.
    /// </summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: they held of nothing, and there is something by now.</exception>
    public string? IfMatch() =>
        ForLocal is not { HasOthers: true } ? ForLocal?.IfMatch
            : Judged is null && IsOfVersion ? null
            : Judged?.ETag ?? throw new S3Exception(S3Errors.ConditionalRequestConflict);
}
