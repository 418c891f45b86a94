namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// An S3 store in a container. Its connection string and connection properties are those of the Community Toolkit's MinIO and RustFS
/// resources.
/// </summary>
/// <param name="name">The resource's name, and its connection string's.</param>
/// <param name="accessKey">The store's root access key.</param>
/// <param name="secretKey">The secret key that belongs to it.</param>
internal sealed class StoreResource(string name, ParameterResource accessKey, ParameterResource secretKey)
    : ContainerResource(name), IResourceWithConnectionString
{
    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression
        .Create($"Endpoint={UriExpression};AccessKey={accessKey};SecretKey={secretKey}");

    private EndpointReference Endpoint => field ??= new(this, "http");

    private EndpointReferenceExpression Host => Endpoint.Property(EndpointProperty.Host);

    private EndpointReferenceExpression Port => Endpoint.Property(EndpointProperty.Port);

    private ReferenceExpression UriExpression => ReferenceExpression.Create($"http://{Host}:{Port}");

    /// <inheritdoc/>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Host}")),
        new("Port", ReferenceExpression.Create($"{Port}")),
        new("AccessKey", ReferenceExpression.Create($"{accessKey}")),
        new("SecretKey", ReferenceExpression.Create($"{secretKey}")),
        new("Uri", UriExpression),
    ];
}
