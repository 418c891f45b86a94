using System.Net;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The clock, disk and network. Tests replace them.</summary>
internal sealed record Machine
{
    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The disk of the built-in store; null for the machine's.</summary>
    public StoreDisk? Disk { get; init; }

    /// <summary>Connects to a host and port of a layer; null for TCP to where the name leads.</summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }
}
