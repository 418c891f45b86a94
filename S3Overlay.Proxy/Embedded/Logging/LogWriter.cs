using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Logging;

/// <summary>Writes log objects with requests like those of a client. These requests leave no records themselves.</summary>
/// <param name="store">The store.</param>
/// <param name="service">Writes as for a client.</param>
internal sealed class LogWriter(EmbeddedStore store, IS3Service service)
{
    private readonly Lock _lock = new();

    /// <summary>Buckets that have lost records since their last log object was written.</summary>
    private readonly HashSet<string> _losing = new(StringComparer.Ordinal);
    private long _lost;

    /// <summary>The number of records that were lost.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Counts records that were lost, and logs the first loss of a bucket since its last log object was written.</summary>
    public void Lose(string bucket, int records, string problem)
    {
        Interlocked.Add(ref _lost, records);
        if (store.Buckets.Find(bucket)?.Logging is not { } logging)
        {
            return;
        }

        lock (_lock)
        {
            if (!_losing.Add(bucket))
            {
                return;
            }
        }

        Log.BucketLogLost(store.Logger, bucket, logging.TargetBucket, problem.TrimEnd('.'));
    }

    /// <summary>
    /// Writes a log object, or loses its records: if the target does not accept it, or the disk is full. Throws nothing: the logs of other
    /// buckets come next.
    /// </summary>
    public async Task WriteAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        var problem = await TryWriteAsync(batch, cancellationToken);
        if (problem is not null)
        {
            Lose(batch.Bucket, batch.Count, problem);
            return;
        }

        lock (_lock)
        {
            _losing.Remove(batch.Bucket);
        }
    }

    /// <returns>Null, or why it was not written.</returns>
    private async Task<string?> TryWriteAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            var targets = store.LogTargets;
            if (targets.Refusal(batch.Source, batch.Logging.TargetBucket) is { } refusal)
            {
                return refusal.Message;
            }

            var key = batch.KeyAt(store.Now);
            if (!targets.Allows(batch.Logging, key, batch.Bucket, batch.Account, store.Now))
            {
                return $"Its policy does not allow {LogDeliveryAccess.Service} to s3:PutObject there";
            }

            var response = new BufferedResponse();
            await service.HandleAsync(Request(batch, key), response, cancellationToken);
            return response.Status < StatusCodes.Status300MultipleChoices ? null : $"The write failed with {response.Status}";
        }
        catch (Exception failure)
        {
            return failure is OperationCanceledException && cancellationToken.IsCancellationRequested
                ? "There was no time left at the shutdown" : failure.Message;
        }
    }

    private S3Request Request(LogBatch batch, string key)
    {
        var bytes = batch.ToArray();
        var request = S3Request.OfOverlay("bucket-logging", S3Operation.PutObject, "PUT", batch.Logging.TargetBucket, key, "") with
        {
            Body = ReadBody.Of(bytes),
            Account = store.OwnerOf(batch.Logging.TargetBucket),
        };
        request.Headers.ContentType = "text/plain";
        request.Headers.ContentLength = bytes.Length;
        if (batch.Logging.Grants.Count > 0 && store.Buckets.AccessOf(batch.Logging.TargetBucket) is { HasAcls: true })
        {
            Grant(batch, request.Headers, store.OwnerOf(batch.Logging.TargetBucket).Id);
        }

        return request;
    }

    /// <summary>The owner of the bucket keeps all rights. WRITE means nothing for an object.</summary>
    private static void Grant(LogBatch batch, IHeaderDictionary headers, string owner)
    {
        headers["x-amz-grant-full-control"] = Names(AclPermission.FullControl, $"id=\"{owner}\"");
        if (Names(AclPermission.Read, null) is { Length: > 0 } readers)
        {
            headers["x-amz-grant-read"] = readers;
        }

        string Names(AclPermission permission, string? first) => string.Join(", ", batch.Logging.Grants
            .Where(grant => grant.Permission == permission)
            .Select(static grant => grant.Grantee.Kind == GranteeKind.Account
                ? $"id=\"{grant.Grantee.AccountId}\"" : $"uri=\"{grant.Grantee.Uri}\"")
            .Prepend(first).OfType<string>().Distinct());
    }
}
