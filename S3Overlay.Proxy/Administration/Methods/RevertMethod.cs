using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST revert</c>: undoes writes and deletes, so that the remote shows again.</summary>
internal sealed class RevertMethod : WorkMethod<RevertResult>
{
    private readonly Reverts _reverts;

    public RevertMethod(Reverts reverts)
        : base("revert", "Undoes writes and deletes, so that the remote shows again.")
    {
        _reverts = reverts;
        Parameters =
        [
            .. Parameter.Scope, Parameter.DryRun,
            new("added", "True to remove written keys that the remote does not have, too.") { Type = "boolean" },
            new("deleted-buckets", "True to undo the deletion of whole buckets, too.") { Type = "boolean" },
            new("versions", "True to remove all local versions of keys that have several.") { Type = "boolean" },
            new("only", "With a key: the stamp of the only change that may be undone, as \"changes\" shows it."),
            new("shows", "With a key: the ETag that the remote must show."),
        ];
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (parameters, scope, count) = (call.Parameters, call.Parameters.Scope(), new RevertCount());
        foreach (var name in (string[])["only", "shows"])
        {
            if (parameters[name] is not null && scope.Key is null)
            {
                throw CallParameters.Wrong(name, "needs a \"key\"");
            }
        }

        var options = new RevertOptions
        {
            Added = parameters.Flag("added", otherwise: false),
            Bucket = parameters.Flag("deleted-buckets", otherwise: false),
            Versions = parameters.Flag("versions", otherwise: false),
            IsDryRun = parameters.IsDryRun,
            Only = parameters["only"],
            Shows = parameters["shows"],
        };
        return new(
            token => _reverts.RevertAsync(scope, options, count, token),
            () => new RevertResult(count.Reverted, count.Buckets, count.Uploads, count.Added, count.Young, count.WithVersions, count.Locked,
                count.Changed))
            {
                // Without its change, a key that was to show one version only is not looked at again.
                FoundNothing = () => options is { Only: null, Shows: null } && count.Reverted + count.Buckets + count.Added + count.Young
                    + count.WithVersions + count.Locked + count.Changed == 0,
            };
    }
}

/// <summary>Result of a revert.</summary>
internal sealed record RevertResult(
    [property: Description("Keys that show the remote again.")] long Reverted,
    [property: Description("Bucket deletions undone.")] long Buckets,
    [property: Description("Open uploads of these keys that were aborted.")] long Uploads,
    [property: Description("Written keys left because the remote does not have them.")] long Added,
    [property: Description("Keys left because another proxy may be deleting them: call again in a minute.")] long Young,
    [property: Description("Keys left because they have several local versions.")] long WithVersions,
    [property: Description("Keys left because a version is locked, or the store refuses to remove it.")] long Locked,
    [property: Description("Keys left because they, or the remote's object, changed.")] long Changed)
{
    /// <summary>The sum of two results.</summary>
    public RevertResult Plus(RevertResult other) => new(
        Reverted + other.Reverted, Buckets + other.Buckets, Uploads + other.Uploads, Added + other.Added, Young + other.Young,
        WithVersions + other.WithVersions, Locked + other.Locked, Changed + other.Changed);
}
