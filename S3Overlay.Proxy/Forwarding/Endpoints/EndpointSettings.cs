using System.Net;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>An S3 endpoint, the remote's or local's, and how long to wait for it.</summary>
public sealed record EndpointSettings
{
    /// <summary>What it is to people, in messages: <c>remote</c> or <c>local store</c>.</summary>
    public string Role { get; init; } = "remote";

    /// <summary>Whether anything but GET and HEAD may be sent there: never to a remote (rule W1).</summary>
    public bool IsWritable { get; init; }

    /// <summary>Scheme, host and port; null for AWS itself, in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region to sign for; null to start with us-east-1 and learn from the answers.</summary>
    public string? Region { get; init; }

    /// <summary>How buckets are addressed.</summary>
    public AddressingStyle Addressing { get; init; } = AddressingStyle.Auto;

    /// <summary>What make of store it is; null to find that out.</summary>
    public StoreMake? Make { get; init; }

    /// <summary>Whether reads are paid for by the reader (<c>x-amz-request-payer</c>).</summary>
    public bool RequestPayer { get; init; }

    /// <summary>A file of further certificate authorities (PEM), or null.</summary>
    public string? CaFile { get; init; }

    /// <summary>Connects to a host and port; null for TCP to where the name leads.</summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>How long a connection may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the first byte of an answer may take.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a body may stand still.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Bytes a second that a body has to bring while it is waited for, judged over <see cref="StallTimeout"/>; 0 for any.
    /// </summary>
    public long MinRate { get; init; }

    /// <summary>
    /// How long a connection may wait unused before it is closed: shorter than servers wait, so that none is closed under a request.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(55);

    /// <summary>How long all attempts together may take until there is an answer: below what clients wait for us.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(48);

    /// <summary>The id by which a request that came round in a circle is known.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>Counts what is asked of it; null where nobody counts.</summary>
    public UpstreamMeters? Meters { get; init; }

    /// <summary>The endpoint as it is named in a held copy's identity and to people.</summary>
    public string Name => Address.GetLeftPart(UriPartial.Authority);

    /// <summary>Where it is: AWS's endpoint for the region, where none is named.</summary>
    public Uri Address => Endpoint ?? AwsHosts.EndpointOf(Region);
}
