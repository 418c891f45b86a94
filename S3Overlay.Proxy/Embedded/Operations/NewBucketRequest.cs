using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Properties requested by CreateBucket. Everything that would not be kept is refused rather than ignored.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html</remarks>
internal static class NewBucketRequest
{
    private const string ObjectLock = "x-amz-bucket-object-lock-enabled";
    private const string Namespace = "x-amz-bucket-namespace";

    /// <summary>Refuses headers for unsupported properties.</summary>
    /// <exception cref="S3Exception">NotImplemented, InvalidArgument.</exception>
    public static void Refuse(S3Request request)
    {
        switch (request.Header(Namespace))
        {
            case null or "global":
                break;
            case "account-regional":
                throw new S3Exception(S3Errors.NotImplemented, "This server does not support account-regional buckets.");
            case var nonsense:
                throw Invalid(Namespace, nonsense);
        }
    }

    /// <summary>True if the bucket shall have Object Lock.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static bool HasObjectLock(S3Request request) => request.Header(ObjectLock)?.ToLowerInvariant() switch
    {
        null or "false" => false,
        "true" => true,
        var nonsense => throw Invalid(ObjectLock, nonsense),
    };

    /// <summary>Reads the body and returns its region.</summary>
    /// <exception cref="S3Exception">MalformedXML, InvalidLocationConstraint; NotImplemented for anything else in it.</exception>
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
            throw new S3Exception(S3Errors.NotImplemented, "This server sets no tags with CreateBucket. Use PutBucketTagging.");
        }

        if (root.Children("Bucket").Any() || root.Children("Location").Any())
        {
            throw new S3Exception(S3Errors.NotImplemented, "This server does not support directory buckets.");
        }

        var region = root.ChildText("LocationConstraint")?.Trim() ?? "";
        return region.Length == 0 ? usual
            : region.Length <= 64 && region.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? region
            : throw new S3Exception(S3Errors.InvalidLocationConstraint);
    }

    private static S3Exception Invalid(string header, string value) => new(S3Errors.InvalidArgument, $"Invalid {header} header: {value}")
        { Details = [new("ArgumentName", header)] };
}
