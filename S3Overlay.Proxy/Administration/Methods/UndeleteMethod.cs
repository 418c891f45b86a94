using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary>
/// <c>POST undelete</c>, which is <c>revert</c> for tombstones alone: undoes the deletes of a key, a prefix or a bucket, with a bucket its
/// own deletion; or all deletes.
/// </summary>
internal sealed class UndeleteMethod : WorkMethod<UndeleteResult>
{
    private readonly Reverts _reverts;

    public UndeleteMethod(Reverts reverts)
        : base("undelete", "Undoes deletes, so that the remote's objects show again. Written objects stay.")
    {
        _reverts = reverts;
        (Parameters, OldNames) = ([.. Parameter.Scope, Parameter.DryRun], ["discard"]);
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (scope, count) = (call.Parameters.Scope(), new RevertCount());
        var options = new RevertOptions { OnlyDeletes = true, Bucket = !scope.IsPart, IsDryRun = call.Parameters.IsDryRun };
        return new(
            token => _reverts.RevertAsync(scope, options, count, token),
            () => new UndeleteResult(count.Reverted, count.Buckets, count.Young))
            {
                FoundNothing = () => count.Reverted + count.Buckets + count.Young == 0,
            };
    }
}

/// <summary>Result of an undelete.</summary>
internal sealed record UndeleteResult(
    [property: Description("Tombstones removed.")] long Tombstones,
    [property: Description("Bucket deletions undone; each had hidden everything that the remote has in the bucket.")] long Buckets,
    [property: Description("Keys that another proxy on the same store may be deleting right now: call again in a minute.")] long Kept);
