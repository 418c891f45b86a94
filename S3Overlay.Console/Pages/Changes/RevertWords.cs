using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>A revert in words.</summary>
internal static class RevertWords
{
    private const string Opaque = "encrypted with a key that only the client has (SSE-C)";

    /// <summary>A number of keys.</summary>
    public static string Keys(long count) => Many(count, "key");

    /// <summary>What a revert is about.</summary>
    public static string What(ChangeScope scope) => scope switch
    {
        { Bucket: null } => "everything, in all buckets",
        { Key: { } key } => VisibleText.Of($"{scope.Bucket}/{key}"),
        { Prefix: { } prefix } => $"everything under {VisibleText.Of($"{scope.Bucket}/{prefix}")}",
        _ => $"everything in {scope.Bucket}",
    };

    /// <summary>What a revert would do.</summary>
    /// <param name="plan">What it would do to how many keys.</param>
    /// <param name="abortsUploads">Whether it aborts open uploads: one of exactly the keys in an archive does not.</param>
    public static string Planned(RevertDocument plan, bool abortsUploads) => plan.Reverted + plan.Buckets == 0
        ? "There is nothing to revert."
        : $"{Count(plan)} will show the remote again."
            + (abortsUploads && plan.Uploads > 0 ? $" {Many(plan.Uploads, "open upload")} of them will be aborted." : "");

    /// <summary>What it did.</summary>
    public static string Done(RevertDocument result) => result.Reverted + result.Buckets == 0 ? "Nothing was reverted."
        : $"Reverted {Count(result)}. The remote shows again.";

    /// <summary>What an archive has.</summary>
    public static string Saved(ArchiveOffer offer) => $"Sent an archive with {Keys(offer.Count)} ({Show.Bytes(offer.Bytes)}).";

    /// <summary>What an archive does not have of what was counted, and why.</summary>
    public static string NotSaved(ArchiveOffer offer, RevertDocument? plan)
    {
        var others = (plan?.Reverted ?? 0) - offer.Count - offer.Unreadable;
        return string.Join(' ', new[]
        {
            offer.Unreadable > 0 ? $"{Keys(offer.Unreadable)} cannot be saved and will stay: {Opaque}." : "",
            others > 0 ? $"{Keys(others)} will stay: changed since they were counted, or hidden from clients." : "",
        }.Where(static text => text.Length > 0));
    }

    /// <summary>What stays, and why.</summary>
    public static (long Count, string Why)[] Left(RevertDocument result, bool isDone, long unreadable) =>
    [
        (unreadable, Opaque),
        (result.Added, "not at the remote"),
        (result.Young, "another proxy may be deleting it; try again in a minute"),
        (result.WithVersions, "several versions here"),
        (result.Locked, "locked, or the store refuses to remove it"),
        (result.Changed, isDone ? "changed in the meantime" : "changing"),
    ];

    private static string Count(RevertDocument of) =>
        of.Buckets == 0 ? Keys(of.Reverted) : $"{Keys(of.Reverted)} and {Many(of.Buckets, "deleted bucket")}";

    private static string Many(long count, string thing) => $"{Show.Count(count)} {thing}{(count == 1 ? "" : "s")}";
}
