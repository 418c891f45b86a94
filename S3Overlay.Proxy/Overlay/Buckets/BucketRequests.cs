using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Overlay.Buckets;

/// <summary>Requests on overlaid buckets themselves: create, head, configure and delete (rules B1 to B5).</summary>
public sealed class BucketRequests(
    IS3Service local, BucketDirectory directory, Func<BucketView, CancellationToken, Task<bool>> isEmpty, OverlaySettings settings)
{
    /// <summary>Handles CreateBucket.</summary>
    public async Task CreateAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        // In us-east-1 the owner's second CreateBucket succeeds like the first, so the remote need not be asked.
        var isNew = bucket.IsLocal || !bucket.IsOverlaid || settings.Region == AwsHosts.DefaultRegion
            || !await directory.ExistsAsync(bucket, cancellationToken);
        if (isNew)
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        var made = new BufferedResponse();
        await local.HandleAsync(request, made, cancellationToken);
        if (made.Status >= StatusCodes.Status400BadRequest)
        {
            await made.CopyToAsync(response, cancellationToken);
            return;
        }

        throw new S3Exception(S3Errors.BucketAlreadyOwnedByYou);
    }

    /// <summary>Handles HeadBucket.</summary>
    public async Task HeadAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (bucket.IsLocal)
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        await directory.RequireAsync(bucket, cancellationToken);
        response.Status = StatusCodes.Status200OK;
        response.Headers["x-amz-bucket-region"] = settings.Region;
        response.Headers["x-amz-access-point-alias"] = "false";
        response.Headers.ContentType = "application/xml";
    }

    /// <summary>Handles DeleteBucket.</summary>
    public async Task DeleteAsync(BucketView bucket, S3Response response, CancellationToken cancellationToken)
    {
        await directory.RequireAsync(bucket, cancellationToken);
        if (!await isEmpty(bucket, cancellationToken))
        {
            throw new S3Exception(S3Errors.BucketNotEmpty);
        }

        await directory.DeleteAsync(bucket, cancellationToken);
        response.Status = StatusCodes.Status204NoContent;
    }

    /// <summary>
    /// Reads a sub-resource. A bucket that exists only at the remote answers like a new bucket. Reading does not create a local half (rule
    /// B5).
    /// </summary>
    public async Task ReadConfigurationAsync(BucketView bucket, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (bucket.IsLocal)
        {
            await local.HandleAsync(request, response, cancellationToken);
            return;
        }

        await directory.RequireAsync(bucket, cancellationToken);
        await CreateBucketResponses.SendAsync(request, response, settings.Region, cancellationToken);
    }

    /// <summary>Writes or deletes a sub-resource of the local half, which is created if missing.</summary>
    public async Task WriteConfigurationAsync(BucketView bucket, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        await directory.EnsureAsync(bucket, cancellationToken);
        await local.HandleAsync(request, response, cancellationToken);
    }
}
