using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Brings back changes that were saved before they were undone, each with the base it had (rule P3).</summary>
/// <remarks>
/// <code>
///   1 the key here     unchanged, or it may be replaced; one that is as saved stays
///   2 tombstone        of a change that is replaced: gets the base first, since what it hides counts
///   3 write, delete    as a client's, with the base in place of what the remote has now; fails if the key changed after 1
/// </code>
/// The base is older than what the remote has now, or the same. So wherever this stops, a change at the remote is never overlooked.
/// </remarks>
/// <param name="largestPut">The largest object that one PUT writes.</param>
internal sealed class Imports(
    LocalLayer local, IS3Service overlay, ShownObjects? shown, ChangeReader changes, Undeletes undeletes, long largestPut)
{
    /// <summary>Brings back one change.</summary>
    /// <param name="change">The change.</param>
    /// <param name="bytes">The object's bytes; not read for a delete, nor unless the outcome is Imported.</param>
    /// <param name="replaces">True to replace what was written or deleted here since.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="cancellationToken">Cancels it; the key is as it was, or as saved.</param>
    /// <exception cref="S3Exception">InvalidRequest for a key without a remote; InvalidBucketState for a deleted bucket; what a client's
    /// write or delete could be refused with. The key is as it was.</exception>
    public async Task<ImportOutcome> ImportAsync(SavedVersion change, S3Body bytes, bool replaces, bool isDryRun,
        CancellationToken cancellationToken)
    {
        var (bucket, key) = (change.Bucket, change.Key);
        if (changes.Require(bucket).Of(key) is null)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "No remote backs the key, so there are no changes of it.");
        }

        await undeletes.RequireShownAsync(bucket, cancellationToken);
        var now = await local.Changes.FindAsync(bucket, key, cancellationToken);
        if (now is not null && (change.IsDelete ? now.Written is null : !replaces && now.Written?.ETag == change.ETag))
        {
            return ImportOutcome.Same;
        }

        if (now is not null && !replaces)
        {
            return ImportOutcome.Skipped;
        }

        if (isDryRun)
        {
            return ImportOutcome.Imported;
        }

        if (now is not null)
        {
            await RestoreBaseAsync(change, now, cancellationToken);
        }

        return await WriteAsync(change, bytes, replaces, cancellationToken) ? ImportOutcome.Imported : ImportOutcome.Skipped;
    }

    /// <summary>Sets the base of the tombstone that will be there afterwards.</summary>
    private async Task RestoreBaseAsync(SavedVersion change, LocalChange now, CancellationToken cancellationToken)
    {
        if (change.IsDelete && now.Tombstone is null)
        {
            // Without effect while the object is there.
            await local.State.MarkDeletedAsync(change.Bucket, change.Key, change.Base, cancellationToken);
        }

        if ((now.Tombstone ?? await local.Marks.FindAsync(change.Bucket, change.Key, cancellationToken)) is { } tombstone)
        {
            await local.Marks.RestoreBaseAsync(change.Bucket, tombstone, change.Base, cancellationToken);
        }
    }

    /// <returns>False if the key was changed since.</returns>
    private async Task<bool> WriteAsync(SavedVersion change, S3Body bytes, bool replaces, CancellationToken cancellationToken)
    {
        shown?.Restore(change.Bucket, change.Key, change.Base);
        var isDone = false;
        try
        {
            await new ImportedWrite(overlay, change, replaces, largestPut).SendAsync(bytes, cancellationToken);
            return isDone = true;
        }
        catch (S3Exception refused) when (!replaces
            && refused.Error.Status is (StatusCodes.Status409Conflict or StatusCodes.Status412PreconditionFailed))
        {
            return false;
        }
        finally
        {
            if (!isDone)
            {
                shown?.Forget(change.Bucket, change.Key);
            }
        }
    }
}

/// <summary>What became of a saved change.</summary>
public enum ImportOutcome
{
    /// <summary>The key is written or deleted as it was.</summary>
    Imported,

    /// <summary>The key was as saved already.</summary>
    Same,

    /// <summary>The key was changed here since, and stays.</summary>
    Skipped,
}
