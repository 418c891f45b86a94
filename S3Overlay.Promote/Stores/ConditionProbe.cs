using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Stores;

/// <summary>
/// Finds out whether a store honours conditions, on a new key beside the first one that is sent. Without conditions, a write that another
/// client makes between the HEAD and the PUT would be lost.
/// </summary>
/// <remarks>
/// <code>
///   PUT, If-Match of another ETag       404 or 412, and no object
///   PUT                                 200
///   PUT, If-None-Match: *               412
///   PUT, If-Match of another ETag       412
///   PUT, If-Match of its ETag           200, with or without quotes
///   DELETE, If-Match of another ETag    412, or DELETE has no conditions here
///   DELETE
/// </code>
/// </remarks>
internal sealed class ConditionProbe(Upstream store, string besides)
{
    private static readonly TimeSpan CleanUp = TimeSpan.FromSeconds(30);

    /// <summary>No object has it.</summary>
    private const string OtherETag = "\"00000000000000000000000000000000\"";

    private readonly string _key = besides[..(besides.LastIndexOf('/') + 1)] + ".s3overlay-promote-" + Guid.NewGuid().ToString("n");

    /// <summary>Which conditions PUT and DELETE have.</summary>
    /// <exception cref="PromoteException">The store refuses to be written to.</exception>
    public async Task<WriteConditions> WritesAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await IsRefusedAsync(Put("If-Match", OtherETag), cancellationToken))
            {
                return new(OnPut: false, OnDelete: false, Quotes: true);
            }

            using var put = await RequireAsync(Put(null, null), cancellationToken);
            var etag = put.ETag ?? "";
            var refuses = await IsRefusedAsync(Put("If-None-Match", "*"), cancellationToken)
                && await IsRefusedAsync(Put("If-Match", OtherETag), cancellationToken);
            var quotes = refuses && !await IsRefusedAsync(Put("If-Match", ETags.Quoted(etag)), cancellationToken);
            var onPut = quotes || (refuses && await IsRefusedAsync(Put("If-Match", ETags.Bare(OtherETag)), cancellationToken)
                && !await IsRefusedAsync(Put("If-Match", etag), cancellationToken));
            return new(onPut, Quotes: quotes || !onPut, OnDelete: await IsRefusedAsync(
                new WireCall("DELETE", store.Bucket, _key).With("If-Match", OtherETag), cancellationToken, canFail: true));
        }
        finally
        {
            await RemoveAsync();
        }
    }

    /// <summary>True if an upload in parts is completed only if its condition holds.</summary>
    /// <exception cref="PromoteException">The store refuses to be written to.</exception>
    public async Task<bool> CompletionsAsync(CancellationToken cancellationToken)
    {
        var upload = (string?)null;
        try
        {
            await RequireAsync(Put(null, null), cancellationToken);
            using var created = await RequireAsync(new WireCall("POST", store.Bucket, _key) { Query = "uploads" }, cancellationToken);
            upload = (await created.ReadXmlAsync(cancellationToken)).Value("UploadId")
                ?? throw new PromoteException($"{store.Name} begins no upload in parts.");
            using var part = await RequireAsync(new WireCall("PUT", store.Bucket, _key)
            {
                Query = $"partNumber=1&uploadId={WireAddress.Encode(upload)}",
                Body = WireBody.Of("s3overlay"),
            }, cancellationToken);
            var complete = new WireCall("POST", store.Bucket, _key)
            {
                Query = $"uploadId={WireAddress.Encode(upload)}",
                Body = WireBody.Of("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"
                    + $"{ETags.Quoted(part.ETag ?? "")}</ETag></Part></CompleteMultipartUpload>"),
            };
            return await IsRefusedAsync(complete.With("If-None-Match", "*"), cancellationToken, canFail: true)
                && await IsRefusedAsync(complete.With("If-Match", OtherETag), cancellationToken, canFail: true);
        }
        finally
        {
            if (upload is not null)
            {
                await QuietlyAsync(new WireCall("DELETE", store.Bucket, _key) { Query = $"uploadId={WireAddress.Encode(upload)}" });
            }

            await RemoveAsync();
        }
    }

    private WireCall Put(string? name, string? value)
    {
        var call = new WireCall("PUT", store.Bucket, _key) { Body = WireBody.Of("s3overlay promote tries conditions\n") };
        return name is null ? call : call.With(name, value);
    }

    /// <summary>True if the condition was honoured; false if the call succeeded, or the store does not know the condition.</summary>
    /// <param name="canFail">True if any other refusal means no, too.</param>
    private async Task<bool> IsRefusedAsync(WireCall call, CancellationToken cancellationToken, bool canFail = false)
    {
        using var answer = await store.Wire.SendAsync(call, cancellationToken);
        if (answer.IsSuccess)
        {
            // An error that was found late is in the document of a completed upload.
            return call.Method == "POST" && (await answer.ReadXmlAsync(cancellationToken)).Value("Code") is "PreconditionFailed";
        }

        return answer.Status is 404 or 409 or 412
            || (canFail || answer.Status is 400 or 501 ? false : throw await RefusalAsync(call, answer, cancellationToken));
    }

    private async Task<WireAnswer> RequireAsync(WireCall call, CancellationToken cancellationToken)
    {
        var answer = await store.Wire.SendAsync(call, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusalAsync(call, answer, cancellationToken);
        }
    }

    private async Task<PromoteException> RefusalAsync(WireCall call, WireAnswer answer, CancellationToken cancellationToken) =>
        new($"{store.Name} refuses {call.Method} of {_key}: {await answer.DescribeAsync(cancellationToken)}");

    private Task RemoveAsync() => QuietlyAsync(new WireCall("DELETE", store.Bucket, _key));

    /// <summary>Cleans up, also after Ctrl-C.</summary>
    private async Task QuietlyAsync(WireCall call)
    {
        using var limit = new CancellationTokenSource(CleanUp);
        try
        {
            (await store.Wire.SendAsync(call, limit.Token)).Dispose();
        }
        catch (Exception failure) when (failure is WireException or PromoteException or OperationCanceledException)
        {
            // A key of ours that nothing reads is left.
        }
    }
}
