namespace Aspire.Hosting.ApplicationModel;

/// <summary>A bucket of an S3 overlay. Its connection string is the overlay's with <c>;Bucket=...</c> at the end.</summary>
/// <param name="name">The resource's name, and its connection string's.</param>
/// <param name="bucketName">The bucket's name in S3.</param>
/// <param name="parent">The overlay.</param>
public class S3OverlayBucketResource(string name, string bucketName, S3OverlayResource parent)
    : Resource(name), IResourceWithParent<S3OverlayResource>, IResourceWithConnectionString
{
    /// <summary>The bucket's name in S3.</summary>
    public string BucketName { get; } = bucketName;

    /// <inheritdoc/>
    public S3OverlayResource Parent { get; } = parent;

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression
        .Create($"{Parent.ConnectionStringExpression};Bucket={BucketName}");

    /// <inheritdoc/>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        Parent.CombineProperties([new("Bucket", ReferenceExpression.Create($"{BucketName}"))]);
}
