using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Which changes are saved before a revert: those that it would undo.</summary>
internal static class ArchiveContent
{
    /// <summary>Chooses them.</summary>
    /// <param name="changes">Lines of <c>changes</c>.</param>
    /// <param name="isOfAllBuckets">Whether they are of every bucket. Deleted buckets then stay as they are.</param>
    /// <param name="hasAdded">Whether keys that the remote does not have are reverted too.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    public static async IAsyncEnumerable<SavedChange> ChooseAsync(IAsyncEnumerable<ChangeLine> changes, bool isOfAllBuckets, bool hasAdded,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? deleted = null;
        await foreach (var change in changes.WithCancellation(cancellationToken))
        {
            // The deletion of a bucket is listed before its keys.
            deleted = change.Key is null ? change.Bucket : deleted;
            if ((!isOfAllBuckets || change.Bucket != deleted)
                && (hasAdded || change.Kind != ChangeKind.Added || change.Remote is not null) && SavedChange.Of(change) is { } saved)
            {
                yield return saved;
            }
        }
    }
}
