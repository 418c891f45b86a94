using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>How a bucket encrypts objects whose requests do not say it.</summary>
/// <param name="Method"><c>AES256</c> or <c>aws:kms</c>; null for not at all.</param>
/// <param name="KeyId">The key of SSE-KMS; null for the usual one.</param>
/// <param name="HasBucketKey">True if the bucket shows a key of its own.</param>
/// <param name="RefusesCustomerKeys">True if writes with keys of clients (SSE-C) are refused.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html</remarks>
internal sealed record BucketEncryption(string? Method, string? KeyId, bool HasBucketKey, bool RefusesCustomerKeys)
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "encryption";

    private const string Root = "ServerSideEncryptionConfiguration";
    private const string Default = "ApplyServerSideEncryptionByDefault";
    private const string Blocked = "BlockedEncryptionTypes";

    /// <summary>AWS's limit for the ARN of a key.</summary>
    private const int LongestKeyId = 2048;

    /// <summary>The setting of a bucket; null if it has none.</summary>
    public static BucketEncryption? Of(BucketRecord bucket) => bucket.Documents.TryGetValue(Name, out var document)
        ? Read(S3XmlReader.Parse(Encoding.UTF8.GetBytes(document))) : null;

    /// <summary>Checks the document of a request.</summary>
    /// <exception cref="S3Exception">MissingRequestBody, MalformedXML, InvalidArgument; NotImplemented for another method.</exception>
    public static async Task<string?> ReadAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        return Read(root).Write().TakeText();
    }

    private static BucketEncryption Read(XElement root)
    {
        if (root.Name.LocalName != Root || root.Children("Rule").ToList() is not [var rule])
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var (method, keyId) = (default(string), default(string));
        if (rule.Children(Default).FirstOrDefault() is { } usual)
        {
            method = usual.ChildText("SSEAlgorithm");
            keyId = usual.ChildText("KMSMasterKeyID") is { Length: > 0 } id ? id : null;
        }

        if (keyId is { Length: > LongestKeyId })
        {
            throw S3Exception.Argument($"KMSMasterKeyID has more than {LongestKeyId} characters.", "KMSMasterKeyID");
        }

        switch (method)
        {
            case "AES256" when keyId is not null:
                throw new S3Exception(
                    S3Errors.InvalidArgument,
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse");
            case "AES256" or "aws:kms":
                break;
            case null when rule.Children(Default).Any() || !rule.Children(Blocked).Any():
                throw new S3Exception(S3Errors.MalformedXml);
            case null:
                break;
            case "aws:kms:dsse" or "aws:fsx":
                throw new S3Exception(S3Errors.NotImplemented, $"This server does not support the encryption method {method}.");
            default:
                throw new S3Exception(S3Errors.MalformedXml);
        }

        return new(method, keyId, IsTrue(rule.ChildText("BucketKeyEnabled")), RefusesCustomers(rule));
    }

    private static bool RefusesCustomers(XElement rule)
    {
        var refuses = false;
        foreach (var type in rule.Children(Blocked).SelectMany(static blocked => blocked.Children("EncryptionType")))
        {
            refuses |= type.Value switch
            {
                "SSE-C" => true,
                "NONE" => false,
                _ => throw new S3Exception(S3Errors.MalformedXml),
            };
        }

        return refuses;
    }

    private static bool IsTrue(string? flag) => flag switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw new S3Exception(S3Errors.MalformedXml),
    };

    private S3XmlWriter Write()
    {
        var xml = new S3XmlWriter().Root(Root).Open("Rule");
        if (Method is not null)
        {
            xml.Open(Default).Element("SSEAlgorithm", Method);
            xml = KeyId is null ? xml : xml.Element("KMSMasterKeyID", KeyId);
            xml.Close(Default);
        }

        xml.Element("BucketKeyEnabled", HasBucketKey);
        if (RefusesCustomerKeys)
        {
            xml.Open(Blocked).Element("EncryptionType", "SSE-C").Close(Blocked);
        }

        return xml.Close("Rule").Close(Root);
    }
}
