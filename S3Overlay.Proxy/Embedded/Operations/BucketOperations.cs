using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class BucketOperations(EmbeddedStore store)
{
    private const int MaxPage = 10_000;

    /// <summary>With the newer parameters: <c>prefix</c>, <c>bucket-region</c>, <c>max-buckets</c>, <c>continuation-token</c>.</summary>
    public Task ListAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var prefix = request.Query["prefix"] ?? "";
        var after = request.Query["continuation-token"] is { Length: > 0 } token ? ContinuationTokens.Read(token).Name : "";
        var limit = MaxPage;
        if (request.Query["max-buckets"] is { Length: > 0 } text
            && (!WholeNumbers.TryParse(text, out limit) || limit is < 1 or > MaxPage))
        {
            throw new S3Exception(S3Errors.InvalidArgument, "The max-buckets parameter is not a number from 1 to 10000.");
        }

        var all = store.Buckets.List();
        var region = BucketPages.RegionOf(request.Query, all.Select(static bucket => bucket.Region).Append(store.Region));
        var page = all
            .Where(bucket => request.MaySee is not { } maySee || maySee(bucket.Name))
            .Where(bucket => region is null || bucket.Region == region)
            .Where(bucket => bucket.Name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(bucket.Name, after) > 0)
            .Take(limit + 1)
            .ToList();
        var xml = new S3XmlWriter().Root("ListAllMyBucketsResult")
            .Open("Owner").Element("ID", ListingPager.OwnerId).Element("DisplayName", ListingPager.OwnerName).Close("Owner")
            .Open("Buckets");
        foreach (var bucket in page.Take(limit))
        {
            xml.Open("Bucket").Element("Name", bucket.Name).Element("CreationDate", bucket.Created).Element("BucketRegion", bucket.Region)
                .Close("Bucket");
        }

        xml.Close("Buckets");
        if (page.Count > limit)
        {
            xml.Element("ContinuationToken", ContinuationTokens.Write(new ListingPosition(page[limit - 1].Name, false)));
        }

        if (prefix.Length > 0)
        {
            xml.Element("Prefix", prefix);
        }

        return xml.Close("ListAllMyBucketsResult").SendAsync(request, response, cancellationToken);
    }

    /// <summary>Creating a bucket twice succeeds in us-east-1, as in S3, and is an error elsewhere.</summary>
    public async Task CreateAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        if (!BucketNames.IsValid(request.Bucket))
        {
            throw new S3Exception(S3Errors.InvalidBucketName) { Details = [new("BucketName", request.Bucket)] };
        }

        NewBucketRequest.Refuse(request);
        var region = await NewBucketRequest.ReadRegionAsync(request, store.Region, cancellationToken);
        if (!await store.Buckets.CreateAsync(request.Bucket, region, store.Now, cancellationToken)
            && store.Region != AwsHosts.DefaultRegion)
        {
            throw new S3Exception(S3Errors.BucketAlreadyOwnedByYou) { Details = [new("BucketName", request.Bucket)] };
        }

        response.Status = StatusCodes.Status200OK;
        response.Headers.Location = "/" + request.Bucket;
        response.Headers.ContentLength = 0;
    }

    public Task HeadAsync(S3Request request, S3Response response)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        response.Status = StatusCodes.Status200OK;
        response.Headers["x-amz-bucket-region"] = bucket.Region;
        response.Headers["x-amz-access-point-alias"] = "false";
        response.Headers.ContentType = "application/xml";
        return Task.CompletedTask;
    }

    /// <summary>Open uploads in it are aborted.</summary>
    public async Task DeleteAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        await store.DeleteBucketAsync(request.Bucket, isOpaque: false, cancellationToken);
        response.Status = StatusCodes.Status204NoContent;
    }

    /// <summary>Versioning as it is set. Any other reads as for a new bucket in S3.</summary>
    public Task GetConfigurationAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        return request.Operation == S3Operation.GetBucketConfiguration && bucket.Versioning != Versioning.Never
            && SubResources.ConfigurationOf(request.Query) == VersioningDocument.Name
            ? VersioningDocument.Write(bucket.Versioning).SendAsync(request, response, cancellationToken)
            : CreateBucketResponses.SendAsync(request, response, bucket.Region, cancellationToken);
    }

    /// <summary>Sets versioning. Setting anything else is refused rather than ignored.</summary>
    public async Task PutConfigurationAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        if (SubResources.ConfigurationOf(request.Query) != VersioningDocument.Name)
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        var versioning = await VersioningDocument.ReadAsync(request, cancellationToken);
        await store.Buckets.SetVersioningAsync(request.Bucket, versioning, cancellationToken);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    /// <summary>Nothing to delete.</summary>
    public Task DeleteConfigurationAsync(S3Request request, S3Response response)
    {
        store.Buckets.Require(request.Bucket);
        if (SubResources.ConfigurationOf(request.Query) is not { } name || !CreateBucketResponses.IsMissing(name))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        response.Status = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
