using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Where an S3 endpoint is and how long to wait for it.</summary>
public sealed record EndpointSettings
{
    /// <summary>Its role in messages: <c>remote</c> or <c>local store</c>.</summary>
    public string Role { get; init; } = "remote";

    /// <summary>Whether requests other than GET and HEAD may be sent. Never true for a remote (rule W1).</summary>
    public bool IsWritable { get; init; }

    /// <summary>Scheme, host and port; null for AWS itself, in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region to sign for. Null starts with us-east-1 and learns from responses.</summary>
    public string? Region { get; init; }

    /// <summary>How buckets are addressed.</summary>
    public AddressingStyle Addressing { get; init; } = AddressingStyle.Auto;

    /// <summary>The kind of store; null to detect it.</summary>
    public StoreMake? Make { get; init; }

    /// <summary>Sends <c>x-amz-request-payer</c>: the reader pays.</summary>
    public bool RequestPayer { get; init; }

    /// <summary>A PEM file of additional certificate authorities; null for none.</summary>
    public string? CaFile { get; init; }

    /// <summary>Opens connections; null for TCP.</summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>The longest time to connect.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The longest time to the first byte of a response.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a body may deliver nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The minimum bytes per second of a body while the proxy waits for it, measured over <see cref="StallTimeout"/>. 0 for none.
    /// </summary>
    public long MinRate { get; init; }

    /// <summary>How long an idle connection is kept. Shorter than servers keep theirs, so that none closes under a request.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(55);

    /// <summary>The time for all attempts together. Below what clients wait.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(48);

    /// <summary>Identifies this proxy in request chains, to detect loops.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>Metrics of the endpoint; null for none.</summary>
    public UpstreamMeters? Meters { get; init; }

    /// <summary>The endpoint in cache entry identities and in messages.</summary>
    public string Name => Address.GetLeftPart(UriPartial.Authority);

    /// <summary>The address; AWS's endpoint for the region if none is set.</summary>
    public Uri Address => Endpoint ?? AwsHosts.EndpointOf(Region);

    /// <summary>
    /// Creates an HTTP handler that changes nothing: no redirects, decompression or cookies, and header bytes as they arrived.
    /// </summary>
    /// <param name="watch">Wraps each connection; null for none.</param>
    internal SocketsHttpHandler CreateHandler(Func<Stream, Stream>? watch = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = !IsWritable && Environment.GetEnvironmentVariable("HTTPS_PROXY") is { Length: > 0 }
                && Address.Scheme == Uri.UriSchemeHttps,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,

            // The default of AWS's SDKs. A store that never sends 100 Continue costs this wait for each body.
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
            PooledConnectionIdleTimeout = IdleTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,

            // Abandoned bodies are not read to their end to save the connection.
            MaxResponseDrainSize = 64 << 10,
        };
        if (Connect is { } connect)
        {
            handler.ConnectCallback = (context, cancellationToken) => connect(context.DnsEndPoint, cancellationToken);
        }

        if (CaFile is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        if (IsWritable || watch is not null)
        {
            handler.PlaintextStreamFilter = (connection, _) =>
            {
                var written = new WrittenStream(connection.PlaintextStream);
                return new(watch is null ? written : watch(written));
            };
        }

        return handler;
    }
}
