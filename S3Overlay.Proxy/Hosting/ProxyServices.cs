using System.Net;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Lifecycle;
using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Hosting.Diagnosis;
using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Proxy.Telemetry.Tails;

namespace S3Overlay.Proxy.Hosting;

/// <summary>Everything behind one S3 port, as <see cref="Composition"/> wires it.</summary>
internal sealed class ProxyServices(OpenedParts opened) : IAsyncDisposable
{
    public required S3FrontDoor FrontDoor { get; init; }

    /// <summary>What the front door serves, to use without a connection.</summary>
    public required IS3Service Service { get; init; }

    /// <summary>The clients' keys and what they may do.</summary>
    public required AccessRights Rights { get; init; }

    /// <summary>What it did in the last hour. Not started.</summary>
    public required StatsHistory History { get; init; }

    /// <summary>What it is.</summary>
    public required ProxyStatus Status { get; init; }

    public required LocalLayer Local { get; init; }

    /// <summary>Null in local-only mode.</summary>
    public required RemoteLayers? Remotes { get; init; }

    /// <summary>Null in local-only mode.</summary>
    public required OverlayLayer? Overlay { get; init; }

    /// <summary>Applies lifecycles; null over an S3 endpoint, which does that itself.</summary>
    public LifecycleWorker? Lifecycle { get; init; }

    /// <summary>Links into the web console.</summary>
    public required SignInLinks SignInLinks { get; init; }

    /// <summary>Shows answered requests to those who watch.</summary>
    public required RequestTail Tail { get; init; }

    /// <summary>Opens all parts.</summary>
    /// <param name="options">The options.</param>
    /// <param name="meters">Counts what happens.</param>
    /// <param name="loggers">Create the loggers.</param>
    /// <param name="machine">For tests; null for the real machine.</param>
    /// <param name="shared">Remotes and cache to use instead of own ones. They must stay open longer.</param>
    /// <exception cref="StartupException">A folder cannot be used.</exception>
    public static async Task<ProxyServices> OpenAsync(
        ProxyOptions options, ProxyMeters meters, ILoggerFactory loggers, Machine? machine = null, SharedParts? shared = null)
    {
        var opened = new OpenedParts();
        try
        {
            return await new Composition(options, meters, loggers, machine ?? new Machine(), opened, shared).OpenAsync();
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => opened.DisposeAsync();

    /// <summary>The overlay, and its reader of remote-owned keys.</summary>
    public sealed record OverlayLayer(OverlayService Service, RemoteReader Reader);

    /// <summary>The remotes.</summary>
    /// <param name="Others">The remote of everything that no setting names; null if that is local only.</param>
    /// <param name="Buckets">Where each key continues.</param>
    /// <param name="Checks">The checks of each remote.</param>
    public sealed record RemoteLayers(IRemote? Others, IRemoteBuckets Buckets, IReadOnlyList<RemoteChecks> Checks)
    {
        /// <summary>Whether a remote reserves the name of a bucket or object after mapping (rule A1).</summary>
        public async ValueTask<bool> KeepsAsync(string bucket, string key, CancellationToken cancellationToken)
        {
            if (Buckets.Find(bucket) is not { } routes)
            {
                return false;
            }

            foreach (var part in routes.Parts)
            {
                if (await part.Remote.KeepsAsync(part.Name, "", cancellationToken))
                {
                    return true;
                }
            }

            return (routes.Whole is { } whole && await whole.Remote.KeepsAsync(whole.Name, "", cancellationToken))
                || (key.Length > 0 && routes.Of(key) is { } place
                    && await place.Remote.KeepsAsync(place.Name, place.RemoteKey(key), cancellationToken));
        }
    }
}

/// <summary>The clock, disk, network and limits of a proxy. Tests replace them.</summary>
internal sealed record Machine
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The clock by which clients sign, for the lifetime of signatures. The same clock unless set.</summary>
    public TimeProvider ClientTime { get => field ?? Time; init; }

    /// <summary>The disk of the built-in store; null for the real one.</summary>
    public StoreDisk? Disk { get; init; }

    /// <summary>Size of a full segment of the built-in store's log in bytes; null for the usual one.</summary>
    public long? LogSegmentSize { get; init; }

    /// <summary>The largest object that an import writes with one PUT: S3's limit of 5 GiB.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html</remarks>
    public long LargestPut { get; init; } = 5L << 30;

    /// <summary>Connects to a host and port of a layer; null for TCP after a DNS lookup.</summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }
}
