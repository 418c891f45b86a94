using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Sending;

/// <summary>Sends an object in one PUT.</summary>
internal static class SinglePut
{
    /// <summary>The most that one PUT takes.</summary>
    public const long MaxSize = 5L << 30;

    /// <summary>Sends it, and returns the ETag of the object at the remote.</summary>
    /// <exception cref="ConflictException">The remote's object is another one.</exception>
    /// <exception cref="SendException">The store refused it, or stored other bytes.</exception>
    public static async Task<string> SendAsync(SourceObject source, Destination to, Action<long> sent, CancellationToken cancellationToken)
    {
        if (!to.IsChecked)
        {
            await to.RequireUnchangedAsync(cancellationToken);
        }

        var put = to.Conditional(new WireCall("PUT", to.Store.Bucket, to.Key)
        {
            Headers = [.. source.Headers, .. source.HasWholeChecksum ? source.Checksums : []],
            Body = source.Body(sent),
        });
        using var answer = await to.Store.Wire.SendAsync(put, cancellationToken);
        if (answer.IsSuccess)
        {
            return await VerifiedAsync(answer, to, cancellationToken);
        }

        if (answer.Status is 404 or 409 or 412)
        {
            return answer.IsRepeated && ETags.IsMd5(source.ETag) && await to.HasAsync(source.ETag, cancellationToken) ? source.ETag
                : answer.Status == 404 && to.Replaces is null ? throw new SendException(await answer.DescribeAsync(cancellationToken))
                : throw new ConflictException();
        }

        throw new SendException(await answer.DescribeAsync(cancellationToken));
    }

    private static async Task<string> VerifiedAsync(WireAnswer answer, Destination to, CancellationToken cancellationToken)
    {
        if (answer.ETag is not { } etag)
        {
            using var head = await to.Store.HeadAsync(to.Key, cancellationToken);
            return head?.ETag ?? throw new SendException("the store accepted it, and does not have it");
        }

        // With a key of the store's key service, or the client's, the ETag is no MD5.
        var isPlain = answer["x-amz-server-side-encryption"] is null or "AES256";
        return !isPlain || !ETags.IsMd5(etag) || answer.Hash is null || ETags.Same(etag, answer.Hash) ? etag
            : throw new SendException($"the store has other bytes than were sent: ETag {etag} in place of {answer.Hash}");
    }
}
