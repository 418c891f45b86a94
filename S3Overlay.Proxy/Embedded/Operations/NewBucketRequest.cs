using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>
/// What a CreateBucket asks of the new bucket beside its name. All that would not be kept is refused rather than ignored.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html</remarks>
internal static class NewBucketRequest
{
    private const string Ownership = "x-amz-object-ownership";
    private const string Namespace = "x-amz-bucket-namespace";

    /// <summary>Refuses headers that ask for what no bucket here is.</summary>
    /// <exception cref="S3Exception">NotImplemented, InvalidArgument.</exception>
    public static void Refuse(S3Request request)
    {
        AccessHeaders.Refuse(request);
        if (string.Equals(request.Header("x-amz-bucket-object-lock-enabled"), "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new S3Exception(S3Errors.NotImplemented, "Object Lock is not served here.");
        }

        switch (request.Header(Ownership))
        {
            case null or "BucketOwnerEnforced":
                break;
            case "BucketOwnerPreferred" or "ObjectWriter":
                throw new S3Exception(S3Errors.NotImplemented, "Objects are their bucket's owner's here, whoever writes them.");
            case var nonsense:
                throw Invalid(Ownership, nonsense);
        }

        switch (request.Header(Namespace))
        {
            case null or "global":
                break;
            case "account-regional":
                throw new S3Exception(S3Errors.NotImplemented, "Buckets of one account and region are not served here.");
            case var nonsense:
                throw Invalid(Namespace, nonsense);
        }
    }

    /// <summary>Reads the body, and the region in it.</summary>
    /// <exception cref="S3Exception">MalformedXML, InvalidLocationConstraint; NotImplemented for what else it asks for.</exception>
    public static async Task<string> ReadRegionAsync(S3Request request, string usual, CancellationToken cancellationToken)
    {
        if (await S3XmlReader.ReadAsync(request.Body, cancellationToken) is not { } root)
        {
            return usual;
        }

        if (root.Name.LocalName != "CreateBucketConfiguration")
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        if (root.Children("Tags").Any(static tags => tags.HasElements))
        {
            throw new S3Exception(S3Errors.NotImplemented, "Tags of buckets are not served here.");
        }

        if (root.Children("Bucket").Any() || root.Children("Location").Any())
        {
            throw new S3Exception(S3Errors.NotImplemented, "Directory buckets are not served here.");
        }

        var region = root.ChildText("LocationConstraint")?.Trim() ?? "";
        return region.Length == 0 ? usual
            : region.Length <= 64 && region.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? region
            : throw new S3Exception(S3Errors.InvalidLocationConstraint);
    }

    private static S3Exception Invalid(string header, string value) => new(S3Errors.InvalidArgument, $"Invalid {header} header: {value}")
        { Details = [new("ArgumentName", header)] };
}
