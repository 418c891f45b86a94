using System.Collections.Concurrent;
using System.Text;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A proxy whose clients are users of its store. <c>ann</c> and <c>bob</c> have keys there, and each a bucket that the other may not use.
/// <c>team</c> has none and uses the overlay's. <c>eve</c> has keys that the store does not know. Ann and Eve may administer. The requests
/// to the store and their signers are recorded.
/// </summary>
internal sealed class UsersScene : IAsyncDisposable
{
    private static readonly (string User, string Bucket)[] Buckets = [("ann", "anns"), ("bob", "bobs"), ("ann", "both"), ("team", "teams")];

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<(string Signer, string Request)> _asked = new();

    public StoreServer Store { get; private set; } = null!;

    public OverlayHost Proxy { get; private set; } = null!;

    /// <summary>The requests that the store got so far: the signer (empty if unsigned), and <c>METHOD /path</c>.</summary>
    public IReadOnlyList<(string Signer, string Request)> Asked => [.. _asked];

    public static async Task<UsersScene> StartAsync(ScriptedRemote? remote = null, params (string Name, string Value)[] settings)
    {
        var scene = new UsersScene();
        await File.WriteAllTextAsync(scene._folder["store"], """
            [
              { "accessKey": "overlay", "secretKey": "of-the-overlay",
                "rights": { "teams": "write", "mapped": "write", "s3-overlay-cache": "write", "s3overlay-probe-*": "write" } },
              { "accessKey": "ANN", "secretKey": "of-ann", "rights": { "anns": "write", "both": "write" } },
              { "accessKey": "BOB", "secretKey": "of-bob", "rights": { "bobs": "write", "both": "write" } }
            ]
            """);
        await File.WriteAllTextAsync(scene._folder["proxy"], """
            [
              { "accessKey": "ann", "secretKey": "ann-here", "rights": { "*": "write" }, "admin": true,
                "local": { "accessKey": "ANN", "secretKey": "of-ann" } },
              { "accessKey": "bob", "secretKey": "bob-here", "rights": { "*": "write" },
                "local": { "accessKey": "BOB", "secretKey": "of-bob" } },
              { "accessKey": "eve", "secretKey": "eve-here", "rights": { "*": "write" }, "admin": true,
                "local": { "accessKey": "EVE", "secretKey": "of-eve", "sessionToken": "eves-token" } },
              { "accessKey": "team", "secretKey": "team-here", "rights": { "*": "write" } }
            ]
            """);
        scene.Store = await StoreServer.StartAsync(null, ("S3_OVERLAY_KEYS_FILE", scene._folder["store"]));
        scene.Proxy = await OverlayHost.StartAsync(
            scene.Store.Endpoint,
            remote?.Endpoint,
            null,
            [
                ("S3_OVERLAY_KEYS_FILE", scene._folder["proxy"]), ("S3_OVERLAY_LOCAL_ACCESS_KEY", "overlay"),
                ("S3_OVERLAY_LOCAL_SECRET_KEY", "of-the-overlay"), .. settings,
            ]);
        scene.Store.Alter = request => scene._asked.Enqueue((Signer(request), $"{request.Method} {request.Path}"));
        return scene;
    }

    /// <summary>A client with a key of the proxy's.</summary>
    public SignedHttp As(string user) => new(Proxy.Endpoint, user, user + "-here");

    /// <summary>
    /// Makes the buckets <c>anns</c>, <c>bobs</c>, <c>both</c> and <c>teams</c>, each in its user's name, with an object <c>k</c> in each
    /// that holds the bucket's name.
    /// </summary>
    public async Task MakeBucketsAsync()
    {
        foreach (var (user, bucket) in Buckets)
        {
            Assert.Equal(200, (await As(user).SendAsync("PUT", "/" + bucket)).Status);
            Assert.Equal(200, (await As(user).SendAsync("PUT", $"/{bucket}/k", Encoding.UTF8.GetBytes(bucket))).Status);
        }

        Forget();
    }

    public void Forget() => _asked.Clear();

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The key that a request is signed with, and its session token.</summary>
    private static string Signer(HttpRequest request)
    {
        var signature = request.Headers.Authorization.ToString();
        var start = signature.IndexOf("Credential=", StringComparison.Ordinal) + "Credential=".Length;
        var token = request.Headers["x-amz-security-token"].ToString();
        return signature.Length == 0 ? "" : signature[start..signature.IndexOf('/', start)] + (token.Length > 0 ? " with " + token : "");
    }
}
