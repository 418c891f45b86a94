using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// What the delete of a key will do. Everything is found out before anything is done, so a delete that fails here has changed nothing.
/// </summary>
/// <remarks>
/// <code>
///   the key is            conditions are judged on   removed from the local layer                rollback of a new tombstone
///   anything              (no conditions)            its object; else its marker, if any         never
///   written               local's object             the object, if the conditions still hold    if local refuses
///   deleted               nothing                    a marker, if local leaves one               (existed before)
///     version null asked  that version, if any       it, if the conditions still hold            (existed before)
///   remote-owned, absent  the remote's, nothing      a marker, if local leaves one               if local refuses, or a write was hidden
///     written since       the same                   what was written, if they hold of it too    if local refuses
///     version null asked  that version, if any       it, if the conditions still hold            if local refuses
/// </code>
/// </remarks>
internal sealed record DeletePlan
{
    /// <summary>True if the key gets a tombstone.</summary>
    public required bool LeavesTombstone { get; init; }

    /// <summary>
    /// True if the local layer is asked to delete whatever it has. If false, that depends on the key's state after the tombstone was
    /// written: another proxy may have written the key.
    /// </summary>
    public required bool IsLocals { get; init; }

    /// <summary>True if the local layer leaves a delete marker for a key that it lacks.</summary>
    public bool LeavesMarker { get; init; }

    /// <summary>True if the tombstone belongs to this delete alone, so it is removed when the local layer refuses.</summary>
    public bool RollsBackTombstone { get; init; }

    /// <summary>
    /// The version named by a tombstone that may be rolled back. Deleting that version by its id then also removes the tombstone of a
    /// delete that stopped halfway. Null if the local layer keeps no versions.
    /// </summary>
    public string? Over { get; init; }

    /// <summary>Conditions that the local layer judges again when it deletes; null if there are none, or it cannot.</summary>
    public DeleteConditions? ForLocal { get; init; }

    /// <summary>The object on which the conditions were judged; null for none.</summary>
    public LocalObject? Judged { get; init; }

    /// <summary>True if a version was named. Only the newest version can be written, so a missing one stays missing.</summary>
    public bool IsOfVersion { get; init; }

    /// <summary>
    /// The If-Match of the local delete; null for none. The local layer may support no other condition, so it is tied to the object on
    /// which the conditions were judged.
    /// </summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: there was no object, and now there is one.</exception>
    public string? IfMatch() =>
        ForLocal is not { HasOthers: true } ? ForLocal?.IfMatch
            : Judged is null && IsOfVersion ? null
            : Judged?.ETag ?? throw new S3Exception(S3Errors.ConditionalRequestConflict);
}

/// <summary>A client's delete of one key.</summary>
/// <param name="Bucket">The bucket, whose local half exists.</param>
/// <param name="Request">The client's request, for this key alone or for many.</param>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version to delete; null for the key itself.</param>
/// <param name="Conditions">The conditions; null for none.</param>
public sealed record KeyDelete(BucketView Bucket, S3Request Request, string Key, string? VersionId, DeleteConditions? Conditions)
{
    /// <summary>True if one version is named. In a bucket without versions, <c>null</c> names the key itself.</summary>
    public bool IsOfVersion => VersionId is { Length: > 0 } and not "null";
}
