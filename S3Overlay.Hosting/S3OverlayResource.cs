using System.Globalization;

using S3Overlay.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// The proxy as a resource: an S3 endpoint that shows a remote with local changes on top. Its connection string is
/// <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>, like that of other S3 stores.
/// </summary>
/// <param name="name">The resource's name, and its connection string's.</param>
/// <param name="accessKey">The access key clients sign with. It may also administer the overlay.</param>
/// <param name="secretKey">The secret key that belongs to it.</param>
public class S3OverlayResource(string name, ParameterResource accessKey, ParameterResource secretKey)
    : ProjectResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "http";
    internal const string ConsoleEndpointName = "console";

    private EndpointReference? _primaryEndpoint;

    /// <summary>The access key clients sign with.</summary>
    public ParameterResource AccessKey { get; } = accessKey;

    /// <summary>The secret key that belongs to it.</summary>
    public ParameterResource SecretKey { get; } = secretKey;

    /// <summary>The endpoint that serves S3.</summary>
    public EndpointReference PrimaryEndpoint => _primaryEndpoint ??= new(this, PrimaryEndpointName);

    /// <summary>The host of <see cref="PrimaryEndpoint"/>.</summary>
    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    /// <summary>The port of <see cref="PrimaryEndpoint"/>.</summary>
    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <summary>The URL of <see cref="PrimaryEndpoint"/>, <c>http://host:port</c>.</summary>
    public ReferenceExpression UriExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}");

    /// <summary>The S3 endpoint that stores writes; null for the built-in store.</summary>
    public IResourceWithConnectionString? Local { get; internal set; }

    /// <summary>The unnamed remote; null without one.</summary>
    public IResourceWithConnectionString? Remote { get; internal set; }

    /// <summary>The bucket, or <c>bucket/prefix</c>, of the remote behind each mapped bucket.</summary>
    public IReadOnlyDictionary<string, string> BucketMapping => Mapping;

    /// <summary>The connection string, or that of the resource that a <see cref="ConnectionStringRedirectAnnotation"/> names.</summary>
    public ReferenceExpression ConnectionStringExpression =>
        Redirect?.ConnectionStringExpression
            ?? ReferenceExpression.Create($"Endpoint={UriExpression};AccessKey={AccessKey};SecretKey={SecretKey}");

    /// <summary>Whether it has any remote, named or not.</summary>
    internal bool HasRemote => Remote is not null || !NamedRemotes.IsEmpty;

    /// <summary>The named remotes.</summary>
    internal NamedRemotes NamedRemotes { get; } = new();

    internal SortedDictionary<string, string> Mapping { get; } = new(StringComparer.Ordinal);

    /// <summary>The absolute path of the built-in store on this machine.</summary>
    internal string DataFolder { get; set; } = "";

    /// <summary>The number of proxies that share <see cref="Local"/>.</summary>
    internal int Replicas { get; set; } = 1;

    /// <summary>The web console; null for none.</summary>
    internal ConsolePort? Console { get; set; }

    private IResourceWithConnectionString? Redirect => this.TryGetLastAnnotation<ConnectionStringRedirectAnnotation>(out var redirect)
        ? redirect.Resource : null;

    /// <inheritdoc/>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        Redirect?.GetConnectionProperties() ??
    [
        new("Host", ReferenceExpression.Create($"{Host}")),
        new("Port", ReferenceExpression.Create($"{Port}")),
        new("AccessKey", ReferenceExpression.Create($"{AccessKey}")),
        new("SecretKey", ReferenceExpression.Create($"{SecretKey}")),
        new("Uri", UriExpression),
    ];

    /// <summary>Checks that need the finished model.</summary>
    /// <exception cref="DistributedApplicationException">Replicas would share a data folder.</exception>
    internal void Check()
    {
        if (Replicas > 1 && Local is null)
        {
            throw new DistributedApplicationException(
                $"The S3 overlay \"{Name}\" has {Replicas} replicas but keeps writes in a data folder, which only one proxy can use. "
                + "Call WithLocal, or leave it at one replica.");
        }

        if (Replicas > 1 && Console is { Wanted: { } port })
        {
            throw new DistributedApplicationException(
                $"The S3 overlay \"{Name}\" has {Replicas} replicas, whose consoles cannot all have port {port}. "
                + "Call WithConsole without it.");
        }
    }

    /// <summary>Adds the proxy's settings that depend on the finished model.</summary>
    internal void Describe(EnvironmentCallbackContext context)
    {
        if (Replicas > 1)
        {
            context.EnvironmentVariables["S3_OVERLAY_PROXIES"] = Replicas.ToString(CultureInfo.InvariantCulture);
        }

        // A folder or an address of this machine means nothing to a deployment.
        if (context.ExecutionContext.IsRunMode)
        {
            context.EnvironmentVariables["S3_OVERLAY_CONSOLE_URLS"] = Console is null ? "false"
                : Replicas > 1 ? "http://127.0.0.1:0" : $"http://localhost:{Console.Port}";
            if (Local is null)
            {
                context.EnvironmentVariables["S3_OVERLAY_DATA_DIR"] = DataFolder;
            }
        }

        foreach (var (setting, value) in NamedRemotes.Settings)
        {
            context.EnvironmentVariables[setting] = value;
        }

        if (Mapping.Count > 0)
        {
            context.EnvironmentVariables["S3_OVERLAY_BUCKET_MAPPING"] =
                string.Join(',', Mapping.Select(pair => $"{pair.Key}:{pair.Value}"));
        }
    }
}

/// <summary>Where the web console of an overlay listens on this machine.</summary>
/// <param name="Wanted">The port that was asked for; null for any.</param>
/// <param name="Port">The port.</param>
internal sealed record ConsolePort(int? Wanted, int Port);
