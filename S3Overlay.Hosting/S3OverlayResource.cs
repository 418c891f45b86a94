using S3Overlay.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// The proxy as a resource: an S3 endpoint that shows a remote with changes of its own on top. Its connection string is
/// <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>, as that of other S3 stores.
/// </summary>
/// <param name="name">The resource's name, and its connection string's.</param>
/// <param name="accessKey">The access key clients sign with; it may administer the overlay.</param>
/// <param name="secretKey">The secret key that belongs to it.</param>
public class S3OverlayResource(string name, ParameterResource accessKey, ParameterResource secretKey) : ProjectResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "http";

    private EndpointReference? _primaryEndpoint;

    /// <summary>The access key clients sign with.</summary>
    public ParameterResource AccessKey { get; } = accessKey;

    /// <summary>The secret key that belongs to it.</summary>
    public ParameterResource SecretKey { get; } = secretKey;

    /// <summary>Where S3 is served.</summary>
    public EndpointReference PrimaryEndpoint => _primaryEndpoint ??= new(this, PrimaryEndpointName);

    /// <summary>The S3 endpoint that everything is written to; null for the built-in store.</summary>
    public IResourceWithConnectionString? Local { get; internal set; }

    /// <summary>The S3 endpoint without a name that is only ever read; null without one.</summary>
    public IResourceWithConnectionString? Remote { get; internal set; }

    /// <summary>Which bucket here is which bucket, or <c>bucket/prefix</c>, of the remote.</summary>
    public IReadOnlyDictionary<string, string> BucketMapping => Mapping;

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"Endpoint={PrimaryEndpoint.Property(EndpointProperty.Url)};AccessKey={AccessKey};SecretKey={SecretKey}");

    /// <summary>Whether it has any remote, with or without a name.</summary>
    internal bool HasRemote => Remote is not null || !NamedRemotes.IsEmpty;

    /// <summary>The remotes that have names.</summary>
    internal NamedRemotes NamedRemotes { get; } = new();

    internal SortedDictionary<string, string> Mapping { get; } = new(StringComparer.Ordinal);

    /// <summary>How many proxies share the local endpoint.</summary>
    internal int Replicas { get; set; } = 1;

    /// <inheritdoc/>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}"));
        yield return new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}"));
        yield return new("AccessKey", ReferenceExpression.Create($"{AccessKey}"));
        yield return new("SecretKey", ReferenceExpression.Create($"{SecretKey}"));
        yield return new("Uri", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}"));
    }
}
