using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Buckets;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// Requests that set a sub-resource of an object. They go to the local layer, after the object was copied up if the remote owns it (rule
/// W5).
/// </summary>
/// <remarks>
/// <code>
///   written           local layer
///   deleted, absent   404 NoSuchKey
///   remote-owned      1 the request's body, read and checked
///                     2 the remote's tags, then its bytes: written to the local layer, unless the key was written or deleted since;
///                       then the key is resolved again
///                     3 the unchanged request, to the local layer
/// </code>
/// </remarks>
public sealed class SubResourceWrites(
    LocalLayer local, LocalObjects objects, BucketDirectory directory, IRemoteReader reader, ConditionalWrites conditional,
    ObjectWrites writes, OverlaySettings settings)
{
    /// <summary>Retries for a key that changes each time while it is copied up.</summary>
    private const int Attempts = 4;

    /// <summary>Handles the request.</summary>
    public async Task HandleAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var state = await local.State.ResolveAsync(bucket.Name, request.Key, cancellationToken);
            if (state == KeyState.Written || await IsOfLocalVersionAsync(bucket, request, cancellationToken))
            {
                await local.Service.HandleAsync(request, response, cancellationToken);
                return;
            }

            await directory.RequireAsync(bucket, cancellationToken);
            var source = state == KeyState.Nothing ? await FindAsync(bucket, request, cancellationToken) : null;
            Check(request, source ?? throw Absent(request));
            if (request.Body is not ReadBody)
            {
                // A body that is unsigned, cut off or invalid must not have changed anything.
                var read = await ReadBody.ReadAsync(request.Body, cancellationToken);
                await SubResourceDocuments.CheckAsync(request, read, cancellationToken);
                request = request with { Body = read };
            }

            try
            {
                await directory.EnsureAsync(bucket, cancellationToken);
                if (!await CopyAsync(bucket, request, source, response, cancellationToken))
                {
                    return;
                }
            }
            catch (Exception failure) when (IsOvertaken(failure))
            {
                await source.ForgetAsync();
                if (attempt == Attempts)
                {
                    throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 1,
                        "The object changed each time while it was copied to the local store. Please try again.", failure);
                }

                continue;
            }

            writes.Forget(bucket.Name, request.Key);

            // The object just copied up is the only version, but the local layer may call it something other than null.
            await local.Service.HandleAsync(request with { Query = request.Query.Without("versionId") }, response, cancellationToken);
            return;
        }
    }

    /// <summary>Copies the object up. False if the local layer refused; its response is already written then.</summary>
    private async Task<bool> CopyAsync(BucketView bucket, S3Request request, StreamedCopySource source, S3Response response,
        CancellationToken cancellationToken)
    {
        var tags = await TagsAsync(request, source, cancellationToken);
        var headers = CopyHeaders.ForPut(OfClient(request), source.Info, tags);
        if (source.Info.Header("x-amz-website-redirect-location") is { } redirect)
        {
            headers["x-amz-website-redirect-location"] = redirect;
        }

        var put = new OverlayPut(request)
        {
            Operation = S3Operation.PutObject,
            Method = "PUT",
            Query = S3Query.Empty,
            Headers = headers,
            CopiedUp = source.Info,
            Base = RemoteBase.Of(source.Info),
            MayLoseChecksum = true,
        };
        var written = new BufferedResponse();
        await source.WriteAsync(put, null, source.Algorithm, (write, token) => conditional.CopyUpAsync(bucket, write, written, token),
            cancellationToken);
        switch (written.Status)
        {
            case StatusCodes.Status409Conflict when IsConflict(await written.ErrorAsync(cancellationToken)):
                throw new S3Exception(S3Errors.ConditionalRequestConflict);
            case >= StatusCodes.Status400BadRequest:
                await written.CopyToAsync(response, cancellationToken);
                return false;
            default:
                return true;
        }
    }

    /// <summary>
    /// The remote's tags; null if it has none or does not support tags. If the remote refuses to show them, the copy-up fails as a copy
    /// does in S3, unless the request replaces the tags.
    /// </summary>
    private static async Task<string?> TagsAsync(S3Request request, StreamedCopySource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.TagsAsync(cancellationToken);
        }
        catch (RemoteException none) when (none.Status is StatusCodes.Status405MethodNotAllowed or StatusCodes.Status501NotImplemented)
        {
            return null;
        }
        catch (RemoteException failed) when (
            failed.Failure == RemoteFailure.AccessDenied && request.Operation is S3Operation.PutObjectTagging
                or S3Operation.DeleteObjectTagging)
        {
            return null;
        }
    }

    /// <summary>True if a 409 means that another writer has the key. Some stores also answer 409 for a key below another object.</summary>
    private static bool IsConflict(S3Error? error) =>
        error is null or { Code: "ConditionalRequestConflict" or "OperationAborted" or "ConcurrentModification" };

    private async Task<StreamedCopySource?> FindAsync(BucketView bucket, S3Request request, CancellationToken cancellationToken) =>
        bucket.RemoteOf(request.Key) is { } below
            ? await StreamedCopySource.FindAsync(new CopySource(bucket.Name, request.Key, null), below, reader, mayBeStale: false,
                bucket.Budget!,
                cancellationToken)
            : null;

    /// <summary>Refuses what cannot succeed before anything is written or read.</summary>
    /// <exception cref="S3Exception">NotImplemented, or what the local layer refuses.</exception>
    private void Check(S3Request request, StreamedCopySource source)
    {
        if (request.Operation is S3Operation.RestoreObject or S3Operation.SelectObjectContent)
        {
            throw new S3Exception(
                S3Errors.NotImplemented, "This object belongs to the remote, which is read-only. Copy it onto itself first.");
        }

        if (NamedVersion(request) is not null)
        {
            throw new S3Exception(S3Errors.NotImplemented, "This version belongs to the remote, which is read-only.");
        }

        if (!local.SetsSubResource(request.Operation))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        local.CheckSubResource(request.Operation, request.Bucket);
        if (source.Info.Size > settings.CopyUpMax)
        {
            throw new S3Exception(
                S3Errors.NotImplemented,
                $"This object belongs to the remote and is larger than {settings.CopyUpMax} bytes "
                + "(S3_OVERLAY_COPY_UP_MAX), the limit for copying it to the local store.");
        }
    }

    /// <summary>True if the request names a version that the local layer has, whatever the key's state.</summary>
    private async ValueTask<bool> IsOfLocalVersionAsync(BucketView bucket, S3Request request, CancellationToken cancellationToken) =>
        bucket.IsLocal
        && NamedVersion(request) is { } version
        && await objects.HeadAsync(request, bucket.Name, request.Key, cancellationToken, version) is not null;

    /// <summary>
    /// The named version. Null for the current one, and for <c>null</c>, the id of the remote's current version (rule V1).
    /// </summary>
    private static string? NamedVersion(S3Request request) => request.Query["versionId"] is { Length: > 0 } version and not "null" ? version
        : null;

    /// <summary>True if the key was written or deleted here, or changed at the remote.</summary>
    private static bool IsOvertaken(Exception failure) =>
        StreamedCopySource.IsChange(failure) || failure is S3Exception { Error: var error } && error == S3Errors.ConditionalRequestConflict;

    private static S3Exception Absent(S3Request request) =>
        new(NamedVersion(request) is null ? S3Errors.NoSuchKey : S3Errors.NoSuchVersion) { Details = [new("Key", request.Key)] };

    /// <summary>The request's headers that the copy-up depends on as well.</summary>
    private static HeaderDictionary OfClient(S3Request request)
    {
        var headers = new HeaderDictionary();
        if (request.Header("x-amz-expected-bucket-owner") is { } owner)
        {
            headers["x-amz-expected-bucket-owner"] = owner;
        }

        return headers;
    }
}

/// <summary>
/// Checks the documents of requests that set a sub-resource. What S3 itself would refuse is refused before the object is copied up for it,
/// which is permanent (rule W5). The rest is for the store to judge.
/// </summary>
internal static class SubResourceDocuments
{
    private static readonly S3Error MissingSecurityHeader = new("MissingSecurityHeader", 400,
        "Your request was missing a required header.");

    /// <summary>Refuses a document that is invalid for the operation. The body stays unread.</summary>
    /// <exception cref="S3Exception">MalformedXML, MissingRequestBodyError, MissingSecurityHeader; for tags InvalidTag.</exception>
    public static async Task CheckAsync(S3Request request, ReadBody body, CancellationToken cancellationToken)
    {
        string[] roots = request.Operation switch
        {
            S3Operation.PutObjectTagging => ["Tagging"],
            S3Operation.PutObjectAcl => ["AccessControlPolicy"],
            S3Operation.PutObjectRetention => ["Retention"],

            // S3's service model has the second name, which some stores accept as well.
            S3Operation.PutObjectLegalHold => ["LegalHold", "ObjectLockLegalHold"],
            _ => [],
        };
        if (roots.Length == 0)
        {
            return;
        }

        if (await S3XmlReader.ReadAsync(body.Again(), cancellationToken) is not { } root)
        {
            RequireHeaders(request);
            return;
        }

        if (!roots.Contains(root.Name.LocalName))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        switch (request.Operation)
        {
            case S3Operation.PutObjectTagging:
                ObjectTags.FromXml(root);
                break;
            case S3Operation.PutObjectRetention:
                if (LockDocuments.ReadRetention(root) is { } retention && request.Received < DateTimeOffset.MaxValue)
                {
                    LockHeaders.RequireFuture(retention.Until, request.Received);
                }

                break;
            case S3Operation.PutObjectLegalHold:
                LockDocuments.ReadLegalHold(root);
                break;
        }
    }

    /// <summary>Only an ACL can be given by headers.</summary>
    private static void RequireHeaders(S3Request request)
    {
        if (request.Operation != S3Operation.PutObjectAcl)
        {
            throw new S3Exception(S3Errors.MissingRequestBody);
        }

        if (!request.Headers.Keys.Any(static name => name.Equals("x-amz-acl", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("x-amz-grant-", StringComparison.OrdinalIgnoreCase)))
        {
            throw new S3Exception(MissingSecurityHeader);
        }
    }
}
