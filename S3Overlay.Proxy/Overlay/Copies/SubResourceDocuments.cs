using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Copies;

/// <summary>
/// Checks the documents of requests that set a sub-resource. What S3 itself would refuse is refused before the object is copied up for it,
/// which is permanent (rule W5). The rest is for the store to judge.
/// </summary>
internal static class SubResourceDocuments
{
    private static readonly S3Error MissingSecurityHeader = new("MissingSecurityHeader", 400,
        "Your request was missing a required header.");

    /// <summary>Refuses a document that is invalid for the operation. The body stays unread.</summary>
    /// <exception cref="S3Exception">MalformedXML, MissingRequestBodyError, MissingSecurityHeader; for tags InvalidTag.</exception>
    public static async Task CheckAsync(S3Request request, ReadBody body, CancellationToken cancellationToken)
    {
        string[] roots = request.Operation switch
        {
            S3Operation.PutObjectTagging => ["Tagging"],
            S3Operation.PutObjectAcl => ["AccessControlPolicy"],
            S3Operation.PutObjectRetention => ["Retention"],

            // S3's service model has the second name, which some stores accept as well.
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

    /// <summary>Only an ACL can be given by headers.</summary>
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
