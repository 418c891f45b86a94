using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Retention and legal hold of versions, in buckets with Object Lock.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html</remarks>
internal sealed class LockOperations(EmbeddedStore store)
{
    private static readonly string[] Sums = ["Content-MD5", "x-amz-sdk-checksum-algorithm", "x-amz-trailer"];

    /// <summary>The lock that the headers of a write ask for; null for none, which leaves the bucket's default.</summary>
    /// <exception cref="S3Exception">InvalidArgument; InvalidRequest if the bucket has no Object Lock, or a client's PUT has no checksum.
    /// </exception>
    public static ObjectLock? Requested(EmbeddedStore store, S3Request request)
    {
        if (LockHeaders.Of(request, store.Now) is not { } wanted)
        {
            return null;
        }

        Require(store, request.Bucket);
        return request is { Operation: S3Operation.PutObject } and not OverlayPut && !HasSum(request)
            ? throw new S3Exception(S3Errors.InvalidRequest,
                "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
            : wanted;
    }

    /// <summary>Throws if a bucket has no Object Lock, or does not exist.</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public static void Require(EmbeddedStore store, string bucket)
    {
        if (store.Buckets.Find(bucket) is not { Exists: true, ObjectLock: not null })
        {
            throw new S3Exception(S3Errors.InvalidRequest, "Bucket is missing Object Lock Configuration");
        }
    }

    public async Task GetRetentionAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await RequireAsync(request);
        await (row.Lock is { Mode: { } mode, Until: { } until } ? LockDocuments.Write(new Retention(mode, until))
            : throw new S3Exception(S3Errors.NoSuchObjectLockConfiguration)).SendAsync(request, response, cancellationToken);
    }

    public async Task GetLegalHoldAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await RequireAsync(request);
        await (row.Lock is { LegalHold: { } isOn } ? LockDocuments.WriteLegalHold(isOn)
            : throw new S3Exception(S3Errors.NoSuchObjectLockConfiguration)).SendAsync(request, response, cancellationToken);
    }

    public async Task PutRetentionAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var known = await RequireAsync(request);
        var wanted = LockDocuments.ReadRetention(
            await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody));
        if (wanted is not null)
        {
            LockHeaders.RequireFuture(wanted.Until, store.Now);
        }

        await ChangeAsync(request, response, known, current =>
        {
            RequireChangeable(current, wanted, request.BypassesGovernance);
            return ObjectLock.WithRetention(current, wanted);
        }, cancellationToken);
    }

    public async Task PutLegalHoldAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var known = await RequireAsync(request);
        var isOn = LockDocuments.ReadLegalHold(
            await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody));
        await ChangeAsync(request, response, known, current => (current ?? new()) with { LegalHold = isOn }, cancellationToken);
    }

    /// <summary>
    /// A retention that runs can be made longer. Any other change needs governance mode and a caller that may bypass it.
    /// </summary>
    private void RequireChangeable(ObjectLock? current, Retention? wanted, bool bypassesGovernance)
    {
        var isLonger = wanted is not null && wanted.Mode == current?.Mode && wanted.Until >= current.Until;
        if (current?.IsRetainedAt(store.Now) == true && !isLonger
            && !(current.Mode == RetentionMode.Governance && bypassesGovernance))
        {
            throw ObjectLock.Refusal();
        }
    }

    private async Task<ObjectRow> RequireAsync(S3Request request)
    {
        store.Buckets.Require(request.Bucket);
        Require(store, request.Bucket);
        return await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
    }

    private async Task ChangeAsync(
        S3Request request, S3Response response, ObjectRow known, Func<ObjectLock?, ObjectLock?> change,
        CancellationToken cancellationToken)
    {
        var row = await store.Objects.SetLockAsync(
            request.Bucket, request.Key, request.Query["versionId"], known.File, change, cancellationToken);
        store.ShowVersion(request.Bucket, row, response);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    private static bool HasSum(S3Request request) => Sums.Any(name => request.Headers.ContainsKey(name))
        || request.Headers.Keys.Any(static name => name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase));
}
