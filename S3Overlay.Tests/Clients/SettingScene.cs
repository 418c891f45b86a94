using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>
/// A proxy with everything that clients can set switched on, and real clients of it. Over a remote, that has a bucket <c>round</c> with an
/// object <c>remote.txt</c>.
/// </summary>
internal sealed class SettingScene : IAsyncDisposable
{
    /// <summary>The bucket of a round.</summary>
    public const string Bucket = "round";

    private readonly OverlayHost? _remote;

    private SettingScene(TemporaryFolder folder, OverlayHost proxy, OverlayHost? remote) =>
        (Folder, Proxy, _remote) = (folder, proxy, remote);

    /// <summary>For files of the clients.</summary>
    public TemporaryFolder Folder { get; }

    public OverlayHost Proxy { get; }

    /// <summary>The object of the remote; empty without a remote.</summary>
    public string RemoteKey => _remote is null ? "" : "remote.txt";

    /// <summary>The endpoint without a slash at its end.</summary>
    public string Endpoint => Proxy.Endpoint.ToString().TrimEnd('/');

    public static async Task<SettingScene> StartAsync(bool hasRemote = false)
    {
        var folder = new TemporaryFolder();
        var remote = hasRemote
            ? await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_ACCESS_KEY", "remote"), ("S3_OVERLAY_SECRET_KEY", "remote")) : null;
        if (remote is not null)
        {
            var http = new SignedHttp(remote.Endpoint, "remote", "remote");
            Assert.Equal(200, (await http.SendAsync("PUT", "/" + Bucket)).Status);
            Assert.Equal(200, (await http.SendAsync("PUT", $"/{Bucket}/remote.txt", "from the remote"u8.ToArray())).Status);
        }

        var key = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(static i => (byte)i)]);
        await File.WriteAllTextAsync(folder["encryption"], $$$"""{"master":"{{{key}}}","kms":{"named":"{{{key}}}"}}""");
        var proxy = await OverlayHost.StartEmbeddedAsync(remote?.Endpoint, ("S3_OVERLAY_NEW_BUCKETS", "acl"),
            ("S3_OVERLAY_ENCRYPTION_FILE", folder["encryption"]), ("S3_OVERLAY_SSE_C_OVER_HTTP", "true"), ("S3_OVERLAY_CORS", "true"));
        if (remote is not null)
        {
            // A bucket that only the remote has begins as in S3 today, whatever the settings.
            Assert.Equal(200, (await proxy.SendAsync("PUT", $"/{Bucket}?ownershipControls",
                "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>")).Status);
            Assert.Equal(204, (await proxy.SendAsync("DELETE", $"/{Bucket}?publicAccessBlock")).Status);
        }

        return new(folder, proxy, remote);
    }

    /// <summary>A script of this folder.</summary>
    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Clients", name);

    /// <summary>Runs a client with the keys in its environment.</summary>
    public Task<ToolResult> RunAsync(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var all = new Dictionary<string, string>
        {
            ["HOME"] = Folder.Path,
            ["LC_ALL"] = "C.UTF-8",
            ["AWS_ACCESS_KEY_ID"] = "minioadmin",
            ["AWS_SECRET_ACCESS_KEY"] = "minioadmin",
            ["AWS_DEFAULT_REGION"] = "us-east-1",
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_PAGER"] = "",
        };
        foreach (var (name, value) in environment)
        {
            all[name] = value;
        }

        return S3Tool.RunAsync(program, arguments, all, Folder.Path);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await (_remote?.DisposeAsync() ?? default);
        Folder.Dispose();
    }
}
