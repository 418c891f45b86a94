using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>How the front door is reached.</summary>
public sealed record FrontDoorSettings
{
    /// <summary>The domain under which buckets are host names: <c>bucket.localhost</c>. Empty for path style only.</summary>
    public string Domain { get; init; } = "localhost";

    /// <summary>Whether pages of any origin may read (they still have to sign).</summary>
    public bool AllowsCrossOrigin { get; init; } = true;

    /// <summary>
    /// The hosts that requests may name where anybody may sign: with the default keys, or without authentication. Pages of other origins
    /// must not write then either. Null where clients have keys of their own, which no page knows.
    /// </summary>
    public KnownHosts? Guard { get; init; }

    /// <summary>Judges whose a bucket has to be that is not an S3 endpoint's alone; null where nobody does.</summary>
    public ExpectedOwners? Owners { get; init; }

    /// <summary>What is known of the S3 endpoints behind the door.</summary>
    public StoreFacts Stores { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The id this process sends upstream in <c>x-s3overlay-via</c>: a request that carries it has come round in a circle.
    /// </summary>
    public required string InstanceId { get; init; }
}

/// <summary>Where the administration's requests go.</summary>
/// <param name="Service">Answers them.</param>
/// <param name="Authenticator">
/// Checks their signatures, which they need whatever clients of S3 need: in headers, since links get around, and of version 4, since
/// version 2 signs no parameters.
/// </param>
public sealed record AdministrationDoor(IS3Service Service, RequestAuthenticator Authenticator);

/// <summary>What the front door asks about the S3 endpoints behind it. By default there are none.</summary>
public sealed record StoreFacts
{
    /// <summary>
    /// Whether a bucket (the empty string: the service) is an S3 endpoint's alone: it decides what those may do who sign nothing, and which
    /// pages of other origins may read (rule A3).
    /// </summary>
    public Func<string, bool> IsForwarded { get; init; } = static _ => false;

    /// <summary>What make the S3 endpoint behind the door is: it may have operations beyond S3's in buckets that are its alone.</summary>
    public Func<StoreMake> Kind { get; init; } = static () => StoreMakes.Other;

    /// <summary>
    /// Whether an endpoint behind the door, whichever layer it is, keeps for itself what a bucket, or an object of it, is there (rule A1):
    /// its administration. The key is empty for the bucket itself.
    /// </summary>
    public Func<string, string, CancellationToken, ValueTask<bool>> KeepsAsync { get; init; } = static (_, _, _) =>
        ValueTask.FromResult(false);

    /// <summary>
    /// Whether the S3 endpoint behind the door is known to refuse a checksum header that cannot be one: in buckets that are its alone it
    /// does so in its own words, after which there is nothing that could be acknowledged (rule W7).
    /// </summary>
    public Func<bool> ChecksChecksums { get; init; } = static () => false;

    /// <summary>
    /// Whether a caller acts in its own name at an S3 endpoint: what it sees there may then differ from what everyone sees.
    /// </summary>
    public Func<S3Caller, bool> Knows { get; init; } = static _ => false;

    /// <summary>
    /// Whether buckets of other tenants can be named (<c>tenant:bucket</c>): where nothing but an S3 endpoint is behind the door, which
    /// knows what that means.
    /// </summary>
    public bool KnowsTenants { get; init; }
}
