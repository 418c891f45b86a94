using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Websites;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>Settings of the front door.</summary>
public sealed record FrontDoorSettings
{
    /// <summary>The domain whose subdomains are buckets: <c>bucket.localhost</c>. Empty turns virtual hosts off.</summary>
    public string Domain { get; init; } = "localhost";

    /// <summary>The domain whose subdomains are buckets as websites. Empty for none.</summary>
    public string WebsiteDomain { get; init; } = "";

    /// <summary>How a bucket answers as a website; null if it does not.</summary>
    public Func<string, WebsiteConfiguration?> WebsiteOf { get; init; } = static _ => null;

    /// <summary>Whether pages of any origin may read. They still have to sign.</summary>
    public bool AllowsCrossOrigin { get; init; } = true;

    /// <summary>
    /// The hosts that requests may name while anyone can sign: with the default keys, or without authentication. Pages of other origins
    /// must not write then. Null once clients have their own keys, which no page knows.
    /// </summary>
    public KnownHosts? Guard { get; init; }

    /// <summary>Checks expected bucket owners, except in buckets that an S3 endpoint manages alone. Null checks none.</summary>
    public ExpectedOwners? Owners { get; init; }

    /// <summary>
    /// Whether an S3 endpoint manages a bucket (the empty string: the service) alone. It then decides about unsigned requests, and which
    /// origins may read (rule A3).
    /// </summary>
    public Func<string, bool> IsForwarded { get; init; } = static _ => false;

    /// <summary>The vendor of the S3 endpoint, which may add operations to S3's in buckets that it manages alone.</summary>
    public Func<StoreMake> StoreKind { get; init; } = static () => StoreMakes.Other;

    /// <summary>
    /// Whether an endpoint, of either layer, uses a bucket name or object for its own administration (rule A1). The key is empty for the
    /// bucket itself.
    /// </summary>
    public Func<string, string, CancellationToken, ValueTask<bool>> IsKeptByStoreAsync { get; init; } = static (_, _, _) =>
        ValueTask.FromResult(false);

    /// <summary>
    /// Whether the S3 endpoint rejects malformed checksum headers itself. In buckets that it manages alone it does so with its own error,
    /// and nothing is acknowledged after that (rule W7).
    /// </summary>
    public Func<bool> ChecksChecksums { get; init; } = static () => false;

    /// <summary>Whether the S3 endpoint knows the caller as a user of its own, which may see other buckets than everyone else.</summary>
    public Func<S3Caller, bool> StoreKnows { get; init; } = static _ => false;

    /// <summary>
    /// Whether other tenants' buckets can be named (<c>tenant:bucket</c>): only if the proxy forwards everything to an S3 endpoint.
    /// </summary>
    public bool KnowsTenants { get; init; }

    /// <summary>The CORS rules of a bucket; null if it has none of its own.</summary>
    public Func<string, CorsRules?> CorsOf { get; init; } = static _ => null;

    /// <summary>Policies, ACLs and owners of buckets in the local layer; null if the keys file's rights decide alone.</summary>
    public IBucketAccess? Access { get; init; }

    /// <summary>Takes the records of requests to buckets that log them; null if none can.</summary>
    public IBucketLogs? Logs { get; init; }

    /// <summary>Whether a bucket has a remote whose objects no policy and no ACL opens to others (rule A3).</summary>
    public Func<string, bool> KeepsRemote { get; init; } = static _ => false;

    /// <summary>Whether a bucket has a remote.</summary>
    public Func<string, bool> IsOverlaid { get; init; } = static _ => false;

    /// <summary>Buckets and prefixes that do not exist for clients.</summary>
    public HiddenNames Hidden { get; init; } = HiddenNames.None;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The id that this process sends upstream in <c>x-s3overlay-via</c>, to detect loops.</summary>
    public required string InstanceId { get; init; }
}

/// <summary>The administration behind the front door.</summary>
/// <param name="Authenticator">
/// Checks its signatures, which are required even if S3 requests need none. In headers only, since links leak, and version 4 only, since
/// version 2 does not sign parameters.
/// </param>
public sealed record AdministrationDoor(IS3Service Service, RequestAuthenticator Authenticator);
