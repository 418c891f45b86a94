using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class BucketOperations(EmbeddedStore store)
{
    private readonly AccessDocuments _access = new(store.Accounts);
    private readonly BucketDocument _logging = store.LogTargets.Document;

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
            .Open("Owner").Account(request.Account ?? Account.Default).Close("Owner").Open("Buckets");
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
        if (!await store.Buckets.CreateAsync(request.Bucket, region, store.Now, bucket => New(bucket, request), cancellationToken))
        {
            if (store.Buckets.AccessOf(request.Bucket)?.OwnerId is { } owner && owner != request.Account?.Id)
            {
                throw new S3Exception(S3Errors.BucketAlreadyExists) { Details = [new("BucketName", request.Bucket)] };
            }

            if (store.Region == AwsHosts.DefaultRegion)
            {
                Created(request, response);
                return;
            }

            throw new S3Exception(S3Errors.BucketAlreadyOwnedByYou) { Details = [new("BucketName", request.Bucket)] };
        }

        Created(request, response);
    }

    private static void Created(S3Request request, S3Response response)
    {
        response.Status = StatusCodes.Status200OK;
        response.Headers.Location = "/" + request.Bucket;
        response.Headers.ContentLength = 0;
    }

    private BucketRecord New(BucketRecord bucket, S3Request request)
    {
        bucket = AccessDocuments.OfNew(bucket, request, store.NewBucketsHaveAcls, store.Accounts);
        return NewBucketRequest.HasObjectLock(request) ? Lock(bucket) : bucket;
    }

    /// <summary>A bucket with Object Lock keeps versions, for ever.</summary>
    private static BucketRecord Lock(BucketRecord bucket) =>
        bucket.With(LockConfiguration.Name, LockConfiguration.Enabled.Write().TakeText()) with { Versioning = Versioning.Enabled };

    private BucketDocument? FindKind(string? name) =>
        name == LoggingConfiguration.Name ? _logging : _access.Find(name) ?? BucketDocuments.Find(name);

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

    /// <summary>The configuration as it is set. What is not set reads as for a new bucket in S3.</summary>
    public Task GetConfigurationAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        var name = request.Operation == S3Operation.GetBucketConfiguration ? SubResources.ConfigurationOf(request.Query) : null;
        if (name == VersioningDocument.Name && bucket.Versioning != Versioning.Never)
        {
            return VersioningDocument.Write(bucket.Versioning).SendAsync(request, response, cancellationToken);
        }

        if (FindKind(name) is not { } kind
            || (kind.Show is { } show ? show(bucket) : bucket.Documents.GetValueOrDefault(kind.Name)) is not { } document)
        {
            return CreateBucketResponses.SendAsync(request, response, bucket.Region, cancellationToken);
        }

        kind.Header?.Show(bucket, response);
        return response.SendTextAsync(request, document, kind.ContentType, cancellationToken);
    }

    /// <summary>Sets a configuration. One that the store does not keep is refused rather than ignored.</summary>
    public async Task PutConfigurationAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        var name = SubResources.ConfigurationOf(request.Query);
        if (name == VersioningDocument.Name)
        {
            var versioning = await VersioningDocument.ReadAsync(request, cancellationToken);
            await store.Buckets.ChangeAsync(
                request.Bucket, bucket => bucket with { Versioning = Allowed(versioning, bucket) }, cancellationToken);
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentLength = 0;
            return;
        }

        var kind = FindKind(name) ?? throw new S3Exception(S3Errors.NotImplemented);
        var header = kind.Header?.Read(request);
        var document = await kind.ReadAsync(request, bucket, cancellationToken);
        await store.Buckets.ChangeAsync(
            request.Bucket,
            now =>
            {
                RequireSame(bucket, now, kind);
                kind.Check(now);
                now = now.With(kind.Name, document);
                return kind.Header is null ? now : now.With(kind.Header.Name, header);
            },
            cancellationToken);
        kind.Header?.Show(store.Buckets.Require(request.Bucket), response);
        store.ConfigurationChanged();
        response.Status = kind.PutStatus;
        response.Headers.ContentLength = kind.PutStatus == StatusCodes.Status200OK ? 0 : null;
    }

    /// <summary>
    /// The bucket, its owner and what the request was checked against must still be the same: a body may take hours. Other documents may
    /// have changed: some clients set many at once.
    /// </summary>
    private static void RequireSame(BucketRecord known, BucketRecord now, BucketDocument kind)
    {
        if (known.Created != now.Created || kind.DependsOn.Prepend(BucketAccess.OwnerName).Any(name =>
            known.Documents.GetValueOrDefault(name) != now.Documents.GetValueOrDefault(name)))
        {
            throw new S3Exception(S3Errors.OperationAborted);
        }
    }

    private static Versioning Allowed(Versioning wanted, BucketRecord bucket) =>
        wanted == Versioning.Enabled || bucket.ObjectLock is null ? wanted
            : throw new S3Exception(S3Errors.InvalidBucketState,
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.");

    /// <summary>Deletes a configuration. What is not set is deleted by doing nothing.</summary>
    public async Task DeleteConfigurationAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var bucket = store.Buckets.Require(request.Bucket);
        var name = SubResources.ConfigurationOf(request.Query);
        CreateBucketResponses.RefuseOneOfMany(name);
        var rest = FindKind(name)?.AfterDelete;
        if (name is null || (rest is null && !CreateBucketResponses.IsMissing(name)))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        if (bucket.Documents.GetValueOrDefault(name) != rest)
        {
            var header = FindKind(name)?.Header?.Name;
            await store.Buckets.ChangeAsync(request.Bucket,
                bucket => header is null ? bucket.With(name, rest) : bucket.With(name, rest).With(header, null), cancellationToken);
        }

        response.Status = StatusCodes.Status204NoContent;
    }
}
