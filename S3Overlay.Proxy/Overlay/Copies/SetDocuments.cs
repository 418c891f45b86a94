using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// The documents by which something is set of an object. What S3 itself refuses of them is refused before an object of the remote's is
/// copied for their sake, which is for good (rule W5); what else a store makes of them is that store's to say.
/// </summary>
internal static class SetDocuments
{
    private static readonly S3Error MissingSecurityHeader = new("MissingSecurityHeader", 400,
        "Your request was missing a required header.");

    /// <summary>Refuses a document that cannot be what the operation needs.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body, which stays unread.</param>
    /// <param name="cancellationToken">The client's patience.</param>
    /// <exception cref="S3Exception">MalformedXML, MissingRequestBodyError, MissingSecurityHeader; of tags InvalidTag.</exception>
    public static async Task CheckAsync(S3Request request, ReadBody body, CancellationToken cancellationToken)
    {
        string[] roots = request.Operation switch
        {
            S3Operation.PutObjectTagging => ["Tagging"],
            S3Operation.PutObjectAcl => ["AccessControlPolicy"],
            S3Operation.PutObjectRetention => ["Retention"],

            // S3's model has the second name, which some stores take as well.
            S3Operation.PutObjectLegalHold => ["LegalHold", "ObjectLockLegalHold"],
            _ => [],
        };
        if (roots.Length == 0)
        {
            return;
        }

        if (await S3XmlReader.ReadAsync(body.Again(), cancellationToken) is not { } root)
        {
            RequireHeaders(request);
            return;
        }

        if (!roots.Contains(root.Name.LocalName))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        if (request.Operation == S3Operation.PutObjectTagging)
        {
            ObjectTags.FromXml(root);
        }
    }

    /// <summary>An ACL alone may be said by headers.</summary>
    private static void RequireHeaders(S3Request request)
    {
        if (request.Operation != S3Operation.PutObjectAcl)
        {
            throw new S3Exception(S3Errors.MissingRequestBody);
        }

        if (!request.Headers.Keys.Any(static name => name.Equals("x-amz-acl", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("x-amz-grant-", StringComparison.OrdinalIgnoreCase)))
        {
            throw new S3Exception(MissingSecurityHeader);
        }
    }
}
