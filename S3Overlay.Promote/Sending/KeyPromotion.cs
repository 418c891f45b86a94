using S3Overlay.Promote.Stores;
using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Sending;

/// <summary>Sends one change, and then undoes it here, so that the remote shows.</summary>
/// <remarks>
/// <code>
///   1 HEAD upstream     must be what the change was compared with (with --force: whatever it is)
///   2 HEAD here         must be the version of the change
///   3 PUT or DELETE     on the condition that upstream still is what 1 showed
///   4 revert            under the key's lock: only this change, and only if the remote shows the ETag that 3 returned
/// </code>
/// A stop between any two steps loses nothing: after 3, both sides have the object, and the next command finds them to be the same.
/// </remarks>
internal sealed class KeyPromotion(IOverlay overlay, Upstreams upstreams, PromoteOptions options, BodySlots slots, Action<long> sent)
{
    /// <summary>A revert of what has been sent is finished also after Ctrl-C.</summary>
    private static readonly TimeSpan RevertLimit = TimeSpan.FromSeconds(30);

    /// <summary>Sends it.</summary>
    /// <exception cref="PromoteException">No key can be sent.</exception>
    public async Task<KeyOutcome> RunAsync(ChangedKey change, CancellationToken cancellationToken)
    {
        try
        {
            return Plan.Of(change, options) switch
            {
                PlannedStep.Revert => await RevertAsync(new(change, Outcome.Same), change.RemoteETag, cancellationToken),
                PlannedStep.Delete => await DeleteAsync(change, cancellationToken),
                PlannedStep.Send => await SendAsync(change, cancellationToken),
                PlannedStep.Conflict => new(change, Outcome.Conflict) { Message = change.Upstream == UpstreamChange.Unknown
                    ? "whether the remote has changed since cannot be known" : "the remote has changed too" },
                _ => new(change, Outcome.Skipped) { Message = change.Key is null ? "the deletion of a bucket is not sent"
                    : "deletes are sent with --delete" },
            };
        }
        catch (ConflictException conflict)
        {
            return new(change, Outcome.Conflict) { Message = conflict.Message };
        }
        catch (Exception failure) when (failure is SendException or SourceException or WireException)
        {
            return new(change, Outcome.Failed) { Message = failure.Message };
        }
    }

    private async Task<KeyOutcome> SendAsync(ChangedKey change, CancellationToken cancellationToken)
    {
        var to = await DestinationAsync(change, static writes => writes.OnPut, cancellationToken);
        if (!to.IsChecked && !options.Unchecked)
        {
            throw NotHonoured(to.Store, "PUT");
        }

        if (await SourceObject.FindAsync(overlay.Objects, change, cancellationToken) is not { } source)
        {
            return new(change, Outcome.Failed) { Message = "it was written again or deleted here since: run the command again" };
        }

        var etag = await SendAsync(change, source, to, cancellationToken);
        return await RevertAsync(new(change, Outcome.Sent) { ETag = etag }, etag, cancellationToken);
    }

    private async Task<string> SendAsync(ChangedKey change, SourceObject source, Destination to, CancellationToken cancellationToken)
    {
        var count = ETags.PartsOf(source.ETag);
        if (count is null && source.Size <= SinglePut.MaxSize)
        {
            using var slot = await slots.TakeAsync(cancellationToken);
            return await SinglePut.SendAsync(source, to, sent, cancellationToken);
        }

        if (to.IsChecked && !await to.Store.CompletionsAsync(to.Key, cancellationToken))
        {
            to = options.Unchecked ? to with { IsChecked = false } : throw NotHonoured(to.Store, "CompleteMultipartUpload");
        }

        var parts = (count is { } n ? await source.PartsAsync(n, cancellationToken) : null) ?? PartedUpload.Cut(source.Size, count);
        return await new PartedUpload(source, to, change.Stamp, parts, slots).SendAsync(options.StateFolder, sent, cancellationToken);
    }

    private async Task<KeyOutcome> DeleteAsync(ChangedKey change, CancellationToken cancellationToken)
    {
        var to = await DestinationAsync(change, static writes => writes.OnDelete, cancellationToken);
        if (to.Replaces is null)
        {
            return await RevertAsync(new(change, Outcome.Same), null, cancellationToken);
        }

        if (!to.IsChecked)
        {
            // Other keys go on: many stores honour conditions on PUT alone.
            await (options.Unchecked ? to.RequireUnchangedAsync(cancellationToken) : throw new SendException(
                "the store does not honour conditions on DELETE. If no other client writes there: --unchecked"));
        }

        using var answer = await to.Store.Wire.SendAsync(to.Conditional(new("DELETE", to.Store.Bucket, to.Key)), cancellationToken);
        if (!answer.IsSuccess && !(answer.IsRepeated && answer.Status is 404 or 412 && await IsGoneAsync()))
        {
            throw answer.Status is 404 or 409 or 412 ? new ConflictException()
                : new SendException(await answer.DescribeAsync(cancellationToken));
        }

        return await RevertAsync(new(change, Outcome.Deleted), null, cancellationToken);

        async Task<bool> IsGoneAsync()
        {
            using var now = await to.Store.HeadAsync(to.Key, cancellationToken);
            return now is null;
        }
    }

    /// <summary>Looks at the remote's object, and decides on which condition it is replaced.</summary>
    /// <exception cref="ConflictException">It is not what the change was compared with.</exception>
    private async Task<Destination> DestinationAsync(
        ChangedKey change, Func<WriteConditions, bool> isChecked, CancellationToken cancellationToken)
    {
        var store = upstreams.Of(change.Place!);
        using var now = await store.HeadAsync(change.Place!.Key, cancellationToken);
        if (!options.Force && !ETags.Same(now?.ETag, change.RemoteETag))
        {
            throw new ConflictException();
        }

        var writes = await store.WritesAsync(change.Place.Key, cancellationToken);
        return new(store, change.Place.Key, now?.ETag, isChecked(writes), writes.Quotes);
    }

    private async Task<KeyOutcome> RevertAsync(KeyOutcome outcome, string? shows, CancellationToken cancellationToken)
    {
        if (options.Keep)
        {
            return outcome;
        }

        using var limit = new CancellationTokenSource(RevertLimit);
        RevertAnswer answer;
        try
        {
            answer = await overlay.RevertAsync(
                outcome.Change, shows, outcome.Outcome == Outcome.Same ? cancellationToken : limit.Token);
        }
        catch (WireException failure)
        {
            return outcome with { Message = $"your version stays here, run the command again: {failure.Message}" };
        }

        return answer == RevertAnswer.Reverted ? outcome with { IsReverted = true } : outcome with
        {
            Message = answer switch
            {
                RevertAnswer.HasVersions => "your version stays here: the key has several local versions",
                RevertAnswer.Locked => "your version stays here: it is locked",
                RevertAnswer.Young => "the local delete stays for now: another proxy may be deleting the key",
                RevertAnswer.NotShown when outcome.ETag is not null => "your version stays here: the remote does not show it yet",
                _ => "a newer version stays here: it, or the remote's object, was changed since",
            },
        };
    }

    private static PromoteException NotHonoured(Upstream store, string call) => new(
        $"{store.Name} does not honour conditions on {call}: what another client writes at the same time would be lost.",
        "--unchecked, if no other client writes there");
}
