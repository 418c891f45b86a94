using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// Names that stores reserve are not buckets (rule A1): through them, any client could use the store's administration with the proxy's own
/// keys. The store here responds to all requests for them, and records them.
/// </summary>
[Trait("Rule", "A1")]
[Trait("Rule", "T3")]
public sealed class KeptNameTests : IAsyncLifetime
{
    private static readonly string[] Known =
        ["minio", "rustfs", "admin", "swift", "auth", ".minio.sys", ".rustfs.sys", "iceberg", "_iceberg", "health", "profile", "status",
            "healthz", "info", "_", "-", "MINIO", "Admin"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _reached = [];
    private StoreServer _store = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "reader", "secretKey": "reader-here", "rights": { "*": "read" } } ]
            """);
        _store = await StoreServer.StartAsync();
        _store.Take = Administer;
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_spelling_of_a_name_reaches_the_local_store(bool hasRemote)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await StartAsync(hasRemote ? remote.Endpoint : null, _store.Endpoint);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos/k", "value")).Status);
        foreach (var name in Known)
        {
            foreach (var (method, target) in Attacks(name))
            {
                foreach (var http in (SignedHttp[])[proxy.Http, new(proxy.Endpoint, "reader", "reader-here")])
                {
                    await RefusedAsync(http, method, target, name);
                }
            }

            if (char.IsAsciiLetter(name[0]) || name == "-")
            {
                var byHost = new SignedHttp(proxy.Endpoint) { Host = $"{name}.localhost:{proxy.Endpoint.Port}" };
                await RefusedAsync(byHost, "GET", "/admin/v3/export-iam", name);
                await RefusedAsync(byHost, "PUT", "/v3/set-user-or-group-policy?policyName=consoleAdmin&userOrGroup=me&isGroup=false",
                    name);
            }

            var copied = await proxy.SendAsync("PUT", "/photos/copy", null, ("x-amz-copy-source", $"/{name}/v3/export-iam"));
            Assert.Equal((name, 404, "NoSuchBucket"), (name, copied.Status, copied.Code));
        }

        Assert.Equal(400, (await proxy.SendAsync("GET", "//minio/admin/v3/export-iam")).Status);
        await proxy.SendAsync("GET", "/photos/..%2Fminio/admin/v3/export-iam");
        await proxy.SendAsync("GET", "/photos/../minio/admin/v3/export-iam");
        await proxy.SendAsync("GET", "/photos/./.././minio/admin/v3/export-iam");
        Assert.Empty(_reached);
    }

    /// <summary>With <c>same-name</c>: requests to the remote are signed with keys that no client has.</summary>
    [Theory]
    [InlineData("same-name", "")]
    [InlineData("same-name", "mine:minio,part:admin/metadata")]
    public async Task No_spelling_of_a_name_reaches_a_remote(string unmapped, string mapping)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Script = async (request, context) =>
        {
            if (Administer(context) is not { } answered)
            {
                return ScriptedOutcome.AsUsual;
            }

            await answered;
            return ScriptedOutcome.Answered;
        };
        (string, string)[] mapped = mapping.Length > 0 ? [("S3_OVERLAY_BUCKET_MAPPING", mapping)] : [];
        string[] others = mapping.Length > 0 ? ["mine", "part"] : [];
        await using var proxy = await StartAsync(remote.Endpoint, null, [("S3_OVERLAY_UNMAPPED", unmapped), .. mapped]);
        foreach (var name in Known.Concat(others))
        {
            foreach (var (method, target) in Attacks(name))
            {
                await RefusedAsync(proxy.Http, method, target, name);
            }
        }

        await proxy.SendAsync("PUT", "/photos/copy", null, ("x-amz-copy-source", "/minio/admin/v3/export-iam"));
        await proxy.SendAsync("GET", "/photos/../minio/admin/v3/export-iam");
        Assert.Empty(_reached);
    }

    /// <summary>A store that accepts its administration under every host name would find it in the keys of a bucket.</summary>
    [Fact]
    public async Task Under_a_buckets_host_name_a_key_does_not_reach_it_either()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartOnAsync(
            OverlayHost.ResolvingLocalhost, new Uri($"http://localhost:{_store.Endpoint.Port}"), remote.Endpoint,
            ("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]), ("S3_OVERLAY_LOCAL_ADDRESSING_STYLE", "virtual"));
        foreach (var key in (string[])["minio/admin/v3/export-iam", "rustfs/admin/v3/list-users", "/minio/admin/v3/export-iam",
            "./minio/admin/v3/export-iam", "x/../minio/admin/v3/export-iam", "%6dinio/admin/v3/x"])
        {
            foreach (var method in (string[])["GET", "PUT", "DELETE"])
            {
                var response = await proxy.SendAsync(method, "/photos/" + key, method == "PUT" ? "value" : null);
                Assert.True(response.Status == 404, $"{method} {key}: {response.Status} {response.Text}");
            }

            const string Document = "<Delete><Object><Key>minio/admin/v3/remove-user</Key></Object></Delete>";
            await proxy.SendAsync("POST", "/photos?delete", Document, (
                "Content-MD5", Convert.ToBase64String(MD5.HashData(Encoding.UTF8.GetBytes(Document)))));
        }

        Assert.Empty(_reached);
    }

    [Theory]
    [InlineData("other", "")]
    [InlineData("aws", "")]
    [InlineData("versity", "")]
    [InlineData("minio", "minio")]
    [InlineData("ceph", "admin")]
    [InlineData("rustfs", "rustfs")]
    public async Task A_known_store_reserves_only_its_own_names(string make, string kept)
    {
        _store.Take = null;
        await using var proxy = await StartAsync(null, _store.Endpoint, ("S3_OVERLAY_LOCAL_STORE", make));
        foreach (var name in (string[])["minio", "admin", "rustfs"])
        {
            var made = await proxy.SendAsync("PUT", "/" + name);
            var isKept = name == kept || (make == "rustfs" && name == "minio");
            Assert.Equal((name, isKept ? 404 : 200), (name, made.Status));
        }
    }

    /// <summary>From the first response: at the start, or for a remote at the first request that needs it.</summary>
    [Theory]
    [InlineData("MinIO", "admin", "minio")]
    [InlineData("SeaweedFS 4.0", "minio", "status")]
    [InlineData("Ceph Object Gateway (squid)", "minio", "admin")]
    public async Task A_store_is_recognized_by_its_responses(string server, string bucket, string kept)
    {
        _store.Take = null;
        _store.Dress = context => context.Response.Headers.Server = server;
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put(bucket, "k", "value"u8.ToArray());
        remote.Put(kept, "k", "secret"u8.ToArray());
        remote.Script = (_, context) =>
        {
            context.Response.Headers.Server = server;
            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        await using var over = await StartAsync(remote.Endpoint, null);
        Assert.Equal("value", (await over.SendAsync("GET", $"/{bucket}/k")).Text);
        Assert.Equal("NoSuchBucket", (await over.SendAsync("GET", $"/{kept}/k")).Code);
        await using var plain = await StartAsync(null, _store.Endpoint);
        Assert.Equal(200, (await plain.SendAsync("PUT", "/" + bucket)).Status);
        Assert.Equal("NoSuchBucket", (await plain.SendAsync("PUT", "/" + kept)).Code);
    }

    [Fact]
    public async Task The_built_in_store_keeps_none()
    {
        await using var proxy = await StartAsync(null, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/admin")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/minio")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/minio/admin/v3/x", "value")).Status);
    }

    private static IEnumerable<(string Method, string Target)> Attacks(string name)
    {
        var escaped = string.Concat(name.Select((letter, i) => i == 0 ? $"%{(int)letter:x2}" : letter.ToString()));
        if (name == "-")
        {
            // In a path that is this program's own administration.
            yield break;
        }

        foreach (var root in (string[])["/" + name, "/" + escaped])
        {
            yield return ("GET", root + "/admin/v3/export-iam");
            yield return ("HEAD", root + "/admin/v3/info");
            yield return ("PUT", root + "/admin/v3/set-user-or-group-policy?policyName=consoleAdmin&userOrGroup=me&isGroup=false");
            yield return ("DELETE", root + "/admin/v3/remove-user?accessKey=ann");
            yield return ("PUT", root + "/user?uid=me&caps=users=*");
            yield return ("GET", root);
            yield return ("PUT", root);
        }
    }

    private static async Task RefusedAsync(SignedHttp http, string method, string target, string name)
    {
        var response = await http.SendAsync(method, target, method == "PUT" ? "value"u8.ToArray() : null);
        Assert.True((response.Status, response.Code) == (404, method == "HEAD" ? "" : "NoSuchBucket"),
            $"{name}: {method} {target}: {response.Status} {response.Text}");
    }

    private Task? Administer(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (!Known.Any(name => $"{path}/".Contains($"/{name}/", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        _reached.Add($"{context.Request.Method} {path}");
        return context.Response.WriteAsync("every secret");
    }

    private Task<OverlayHost> StartAsync(Uri? remote, Uri? store, params (string Name, string Value)[] settings) =>
        OverlayHost.StartAsync(store, remote, null, [("S3_OVERLAY_KEYS_FILE", _folder["keys.json"]), .. settings]);
}
