using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>The sub-resources of a bucket before anything is configured (rule B5).</summary>
public static class CreateBucketResponses
{
    /// <summary>Sub-resources that are an empty document until they are set.</summary>
    private static readonly Dictionary<string, string> Empty = new(StringComparer.Ordinal)
    {
        ["versioning"] = "VersioningConfiguration",
        ["logging"] = "BucketLoggingStatus",
        ["notification"] = "NotificationConfiguration",
        ["accelerate"] = "AccelerateConfiguration",
    };

    /// <summary>Sub-resources that do not exist until they are set, with S3's error.</summary>
    private static readonly Dictionary<string, S3Error> Missing = new(StringComparer.Ordinal)
    {
        ["policy"] = new("NoSuchBucketPolicy", 404, "The bucket policy does not exist"),
        ["policyStatus"] = new("NoSuchBucketPolicy", 404, "The bucket policy does not exist"),
        ["tagging"] = new("NoSuchTagSet", 404, "The TagSet does not exist"),
        ["cors"] = new("NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"),
        ["lifecycle"] = new("NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"),
        ["website"] = new("NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration"),

        // S3 encrypts new buckets with AES256 since 2023. Whether this store does is unknown.
        ["encryption"]
            = new("ServerSideEncryptionConfigurationNotFoundError", 404, "The server side encryption configuration was not found"),
        ["object-lock"] = new("ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist for this bucket"),
        ["replication"] = new("ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found"),
    };

    /// <summary>Sub-resources of which a bucket can have several by <c>id</c>, with the root of S3's list of them.</summary>
    private static readonly Dictionary<string, string> Lists = new(StringComparer.Ordinal)
    {
        ["analytics"] = "ListBucketAnalyticsConfigurationResult",
        ["intelligent-tiering"] = "ListBucketIntelligentTieringConfigurationsOutput",
        ["inventory"] = "ListInventoryConfigurationsResult",
        ["metrics"] = "ListMetricsConfigurationsResult",
    };

    private static readonly S3Error NoSuchConfiguration = new("NoSuchConfiguration", 404, "The specified configuration does not exist.");

    /// <summary>Throws S3's error for deleting one of several that a new bucket does not have.</summary>
    /// <exception cref="S3Exception">NoSuchConfiguration.</exception>
    public static void RefuseOneOfMany(string? name)
    {
        if (name is not null && Lists.ContainsKey(name))
        {
            throw new S3Exception(NoSuchConfiguration);
        }
    }

    /// <summary>Whether a sub-resource does not exist until it is set. Deleting it from a new bucket succeeds and does nothing.</summary>
    public static bool IsMissing(string name) => Missing.ContainsKey(name);

    /// <summary>Sends the sub-resource that the request asks for.</summary>
    /// <exception cref="S3Exception">A new bucket lacks the sub-resource, or it is unknown.</exception>
    public static Task SendAsync(S3Request request, S3Response response, string region, CancellationToken cancellationToken) =>
        Document(request, region).SendAsync(request, response, cancellationToken);

    private static S3XmlWriter Document(S3Request request, string region)
    {
        if (request.Operation == S3Operation.GetBucketLocation)
        {
            // us-east-1 is written as nothing: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
            return new S3XmlWriter().Root("LocationConstraint").Raw(region == AwsHosts.DefaultRegion ? "" : region)
                .Close("LocationConstraint");
        }

        if (request.Operation == S3Operation.ListMultipartUploads)
        {
            return NoUploads(request);
        }

        foreach (var (name, _) in request.Query.Parameters)
        {
            if (Empty.TryGetValue(name, out var root))
            {
                return new S3XmlWriter().Root(root).Close(root);
            }

            if (Missing.TryGetValue(name, out var missing))
            {
                throw new S3Exception(missing);
            }

            if (Lists.TryGetValue(name, out var list))
            {
                return request.Query["id"] is null ? new S3XmlWriter().Root(list).Element("IsTruncated", false).Close(list)
                    : throw new S3Exception(NoSuchConfiguration);
            }

            if (name == "requestPayment")
            {
                return new S3XmlWriter().Root("RequestPaymentConfiguration").Element("Payer", "BucketOwner")
                    .Close("RequestPaymentConfiguration");
            }

            if (name == "ownershipControls")
            {
                return new S3XmlWriter().Root("OwnershipControls").Open("Rule").Element("ObjectOwnership", "BucketOwnerEnforced")
                    .Close("Rule").Close("OwnershipControls");
            }

            if (name == "publicAccessBlock")
            {
                return new S3XmlWriter().Root("PublicAccessBlockConfiguration")
                    .Element("BlockPublicAcls", true).Element("IgnorePublicAcls", true).Element("BlockPublicPolicy", true)
                        .Element("RestrictPublicBuckets", true)
                    .Close("PublicAccessBlockConfiguration");
            }

            if (name == "acl")
            {
                return OwnersAcl();
            }
        }

        throw new S3Exception(S3Errors.NotImplemented);
    }

    private static S3XmlWriter NoUploads(S3Request request)
    {
        var page = MarkerPage.Parse(request, "max-uploads");
        if (page.UploadIdMarker(request) is { Length: > 0 } marker)
        {
            throw MarkerPage.NoUpload(marker);
        }

        var xml = new S3XmlWriter().Root("ListMultipartUploadsResult")
            .Element("Bucket", request.Bucket)
            .Element("KeyMarker", page.Name(page.KeyMarker))
            .Element("UploadIdMarker", "")
            .Element("NextKeyMarker", "").Element("NextUploadIdMarker", "")
            .Element("Prefix", page.Name(page.Prefix));
        page.WriteDelimiter(xml);
        return xml.Element("MaxUploads", page.Limit).Element("IsTruncated", false).Close("ListMultipartUploadsResult");
    }

    private static S3XmlWriter OwnersAcl() => new S3XmlWriter().Root("AccessControlPolicy")
        .Open("Owner").Account(Account.Default).Close("Owner")
        .Open("AccessControlList").Open("Grant")
        .Raw("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">")
        .Account(Account.Default).Close("Grantee")
        .Element("Permission", "FULL_CONTROL")
        .Close("Grant").Close("AccessControlList").Close("AccessControlPolicy");
}
