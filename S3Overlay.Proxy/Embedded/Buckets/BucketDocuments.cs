using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Websites;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>A configuration that a bucket keeps as a document.</summary>
/// <param name="Name">Its sub-resource.</param>
/// <param name="ReadAsync">
/// Checks what a request sets and returns the document to keep, which is sent as it is; null to keep none.
/// </param>
internal sealed record BucketDocument(string Name, Func<S3Request, BucketRecord, CancellationToken, Task<string?>> ReadAsync)
{
    /// <summary>
    /// Throws if a bucket may not have it. Called once more when it is set, while nothing else of the bucket can change.
    /// </summary>
    public Action<BucketRecord> Check { get; init; } = static _ => { };

    /// <summary>The other documents that the check of a request looks at. They must not change while its body arrives.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>A header that is set and sent with the document; null for none.</summary>
    public DocumentHeader? Header { get; init; }

    /// <summary>The status of a successful PUT.</summary>
    public int PutStatus { get; init; } = StatusCodes.Status200OK;

    /// <summary>What GET sends, if not the document as it is kept; null if there is nothing to send.</summary>
    public Func<BucketRecord, string?>? Show { get; init; }

    /// <summary>What is kept after a DELETE, where having no document means the default of new buckets; null to keep none.</summary>
    public string? AfterDelete { get; init; }

    /// <summary>The type of the document.</summary>
    public string ContentType { get; init; } = "application/xml";
}

/// <summary>The configurations that the store keeps.</summary>
internal static class BucketDocuments
{
    /// <summary>
    /// The smallest object that transitions move. There are none here, but clients such as Terraform wait until they see what they set.
    /// </summary>
    private static readonly DocumentHeader TransitionSize = new(
        "x-amz-transition-default-minimum-object-size", ["all_storage_classes_128K", "varies_by_storage_class"]);

    private static readonly Dictionary<string, BucketDocument> Kinds = new BucketDocument[]
    {
        new(BucketEncryption.Name, BucketEncryption.ReadAsync),
        new("tagging", ReadTagsAsync) { PutStatus = StatusCodes.Status204NoContent },
        new("cors", static async (request, _, token) => await CorsRules.ReadAsync(request, token)),
        new(LockConfiguration.Name, ReadLockAsync) { Check = RequireVersioning },
        new(LifecycleConfiguration.Name, ReadLifecycleAsync) { Header = TransitionSize },
        new(WebsiteConfiguration.Name, ReadWebsiteAsync),

        // Of these only the default can be set. A bucket that had acceleration, unlike others, says that it is suspended.
        new("accelerate", static (request, _, token) => ReadOnlyAsync(request, "AccelerateConfiguration", ("Status", "Suspended"), token)),
        new("requestPayment", static async (request, _, token) =>
        {
            await ReadOnlyAsync(request, "RequestPaymentConfiguration", ("Payer", "BucketOwner"), token);
            return null;
        }),
        new("notification", static async (request, _, token) =>
        {
            await ReadOnlyAsync(request, "NotificationConfiguration", null, token);
            return null;
        }),
    }.ToDictionary(static kind => kind.Name, StringComparer.Ordinal);

    /// <summary>The configuration of a sub-resource; null if the store does not keep it.</summary>
    public static BucketDocument? Find(string? name) => name is null ? null : Kinds.GetValueOrDefault(name);

    private static async Task<string?> ReadTagsAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        return ObjectTags.FromXml(root, ObjectTags.MostOfBucket) is { } tags ? ObjectTags.ToXml(tags).TakeText() : null;
    }

    private static async Task<string?> ReadLockAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        var document = LockConfiguration.Read(root).Write().TakeText();
        RequireVersioning(bucket);
        return document;
    }

    private static async Task<string?> ReadLifecycleAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        return LifecycleReader.Read(root).Write().TakeText();
    }

    private static async Task<string?> ReadWebsiteAsync(S3Request request, BucketRecord bucket, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken, WebsiteConfiguration.MaxSize)
            ?? throw new S3Exception(S3Errors.MissingRequestBody);
        return WebsiteReader.Read(root).Write().TakeText();
    }

    /// <summary>Reads the one document that is served of a configuration.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">The document's root.</param>
    /// <param name="field">Its only child, with its text; null if it is empty.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="S3Exception">NotImplemented: it is another document.</exception>
    private static async Task<string?> ReadOnlyAsync(
        S3Request request, string name, (string Name, string Text)? field, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken);
        if (root?.Name.LocalName != name || !(root.Elements().ToList() switch
        {
            [] => field is null && string.IsNullOrWhiteSpace(root.Value),
            [{ HasElements: false } child] => (child.Name.LocalName, child.Value) == field,
            _ => false,
        }))
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        var xml = new S3XmlWriter().Root(name);
        return (field is { } one ? xml.Element(one.Name, one.Text) : xml).Close(name).TakeText();
    }

    private static void RequireVersioning(BucketRecord bucket)
    {
        if (bucket.Versioning != Versioning.Enabled)
        {
            throw new S3Exception(S3Errors.InvalidBucketState,
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
        }
    }
}
