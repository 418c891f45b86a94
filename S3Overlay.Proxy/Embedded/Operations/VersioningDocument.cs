using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>The document of PutBucketVersioning and GetBucketVersioning.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html</remarks>
internal static class VersioningDocument
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "versioning";

    private const string Root = "VersioningConfiguration";

    /// <summary>Reads the document of a request.</summary>
    /// <exception cref="S3Exception">MalformedXML, MissingRequestBody, IllegalVersioningConfigurationException; NotImplemented for MFA
    /// delete.</exception>
    public static async Task<Versioning> ReadAsync(S3Request request, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        if (root.Name.LocalName != Root)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        switch (root.ChildText("MfaDelete"))
        {
            case null or "Disabled":
                break;
            case "Enabled":
                throw new S3Exception(S3Errors.NotImplemented, "This server does not support MFA delete.");
            default:
                throw new S3Exception(S3Errors.MalformedXml);
        }

        return root.ChildText("Status") switch
        {
            "Enabled" => Versioning.Enabled,
            "Suspended" => Versioning.Suspended,
            null => throw new S3Exception(S3Errors.IllegalVersioningConfiguration),
            _ => throw new S3Exception(S3Errors.MalformedXml),
        };
    }

    /// <summary>The document of a bucket that has or had versioning.</summary>
    public static S3XmlWriter Write(Versioning versioning) =>
        new S3XmlWriter().Root(Root).Element("Status", versioning.ToString()).Close(Root);
}
