using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>A proxy with two accounts, each with one key, and a key without the right to write ACLs and policies.</summary>
internal sealed class AccessScene : IAsyncDisposable
{
    private const string KeysFile =
        """
        [ { "accessKey": "main", "secretKey": "main-here", "rights": { "*": "owner" }, "id": "main-id", "displayName": "Main" },
          { "accessKey": "clerk", "secretKey": "clerk-here", "rights": { "*": "write" }, "id": "main-id", "displayName": "Main" },
          { "accessKey": "alt", "secretKey": "alt-here", "rights": { "*": "owner" }, "id": "alt-id", "displayName": "Alt" } ]
        """;

    private readonly TemporaryFolder _folder;

    private AccessScene(TemporaryFolder folder, OverlayHost proxy) => (_folder, Proxy) = (folder, proxy);

    public OverlayHost Proxy { get; }

    public SignedHttp Main => new(Proxy.Endpoint, "main", "main-here");

    public SignedHttp Clerk => new(Proxy.Endpoint, "clerk", "clerk-here");

    public SignedHttp Alt => new(Proxy.Endpoint, "alt", "alt-here");

    public static async Task<AccessScene> StartAsync(bool hasAcls, Uri? remote = null, params (string, string)[] settings)
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"], KeysFile);
        return new(folder, await OverlayHost.StartEmbeddedAsync(
            remote, [("S3_OVERLAY_KEYS_FILE", folder["keys.json"]), ("S3_OVERLAY_NEW_BUCKETS", hasAcls ? "acl" : "private"), .. settings]));
    }

    /// <summary>A statement as a policy of the bucket <c>bbb</c>.</summary>
    public static string Policy(string effect, string principal, string action, string more = "") =>
        $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"{{effect}}","Principal":{{principal}},"Action":"{{action}}",
          "Resource":["arn:aws:s3:::bbb","arn:aws:s3:::bbb/*"]{{more}} }]}
        """;

    /// <summary>Sends a request and checks its status.</summary>
    public static async Task<RawResponse> ExpectAsync(
        int status, SignedHttp client, string method, string target, string? body = null, params (string, string)[] headers)
    {
        var response = await client.SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    /// <summary>Sends a request without a signature and checks its status.</summary>
    public async Task<RawResponse> ExpectAnonymousAsync(
        int status, string method, string target, string? body = null, params (string, string)[] headers)
    {
        var response = await Main.SendUnsignedAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);
        Assert.True(response.Status == status, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    /// <summary>Removes the public access block of the bucket <c>bbb</c>.</summary>
    public Task UnblockAsync() => ExpectAsync(204, Main, "DELETE", "/bbb?publicAccessBlock");

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _folder.Dispose();
    }
}
