using System.Net;

using Amazon.S3;

namespace S3Overlay.Tests.Support.Given;

/// <summary>
/// An external store that was started for the tests, of any vendor. It runs the same tests as the built-in store and Ceph.
/// </summary>
/// <param name="Endpoint">Where, without a path.</param>
/// <param name="AccessKey">The key of a user who may do everything.</param>
public sealed record GivenStore(Uri Endpoint, string AccessKey, string SecretKey)
{
    /// <summary>The store to use as the writable layer, or null.</summary>
    public static GivenStore? Local { get; } = Named("S3OVERLAY_TEST_STORE");

    /// <summary>The store to use as the remote, with the same keys, or null.</summary>
    public static GivenStore? Remote { get; } = Named("S3OVERLAY_TEST_STORE_REMOTE");

    /// <summary>Why the tests cannot run here, or null.</summary>
    public static string? Missing =>
        Local is null || Remote is null
            ? "A store is tried where S3OVERLAY_TEST_STORE and S3OVERLAY_TEST_STORE_REMOTE name two, "
                + "and _ACCESS_KEY and _SECRET_KEY their user." : null;

    /// <summary>Settings for a proxy that uses it as the writable layer. Clients of the proxy have another key.</summary>
    public (string Name, string Value)[] AsLocal =>
    [
        ("S3_OVERLAY_LOCAL_ENDPOINT", Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_LOCAL_ACCESS_KEY", AccessKey),
        ("S3_OVERLAY_LOCAL_SECRET_KEY", SecretKey),
        ("S3_OVERLAY_ACCESS_KEY", "minioadmin"), ("S3_OVERLAY_SECRET_KEY", "minioadmin"), ("S3_OVERLAY_CORS", "true"),
    ];

    public AmazonS3Client CreateClient() => S3Clients.CreateForStore(Endpoint, AccessKey, SecretKey);

    private static GivenStore? Named(string variable)
    {
        var value = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        var endpoint = new Uri(value);

        // The tests make and delete buckets as they please, and break requests on purpose.
        return IPAddress.TryParse(endpoint.Host, out var address) && IPAddress.IsLoopback(address)
            ? new GivenStore(endpoint, Key("ACCESS"), Key("SECRET"))
            : throw new InvalidOperationException(
                $"{variable} must name a store on a loopback address that is there for these tests alone.");
    }

    private static string Key(string kind) => Environment.GetEnvironmentVariable($"S3OVERLAY_TEST_STORE_{kind}_KEY") is { Length: > 0 } key
        ? key : "minioadmin";
}
