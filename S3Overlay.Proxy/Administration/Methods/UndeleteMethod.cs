using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary>
/// <c>POST undelete</c>: undoes the deletes of a key, a prefix or a bucket, with a bucket its own deletion; or all deletes.
/// </summary>
internal sealed class UndeleteMethod : WorkMethod<UndeleteResult>
{
    private readonly Undeletes _undeletes;

    public UndeleteMethod(Undeletes undeletes)
        : base("undelete", "Undoes deletes, so that the remote's objects show again. Written objects stay.")
    {
        _undeletes = undeletes;
        (Parameters, OldNames) = ([.. Parameter.Scope, Parameter.DryRun], ["discard"]);
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (scope, isDryRun, count) = (call.Parameters.Scope(), call.Parameters.IsDryRun, new UndeleteCount());
        return new(
            token => _undeletes.UndeleteAsync(scope, isDryRun, count, token),
            () => new UndeleteResult(count.Tombstones, count.Buckets, count.Kept))
            {
                FoundNothing = () => count.Tombstones + count.Buckets + count.Kept == 0,
            };
    }
}

/// <summary>Result of an undelete.</summary>
internal sealed record UndeleteResult(
    [property: Description("Tombstones removed.")] long Tombstones,
    [property: Description("Bucket deletions undone; each had hidden everything that the remote has in the bucket.")] long Buckets,
    [property: Description("Keys that another proxy on the same store may be deleting right now: call again in a minute.")] long Kept);
