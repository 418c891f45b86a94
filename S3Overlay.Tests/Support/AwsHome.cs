using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A home folder with AWS's files, the services that they point to, and a remote that records the keys of its requests. The SDK reads the
/// environment of its process, so a proxy over it runs in a separate process.
/// </summary>
internal sealed class AwsHome : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();

    private AwsHome(FakeAws services, ScriptedRemote remote) => (Services, Remote) = (services, remote);

    public FakeAws Services { get; }

    /// <summary>The remote. Every bucket has an object <c>key</c>.</summary>
    public ScriptedRemote Remote { get; }

    public string this[string name] => _folder[name];

    public static async Task<AwsHome> StartAsync() => new(await FakeAws.StartAsync(), await ScriptedRemote.StartAsync());

    /// <summary>Writes a file of it.</summary>
    public string Write(string name, string text)
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes what <c>aws sso login</c> leaves behind.</summary>
    /// <param name="session">The session's name, or for a profile without one the start URL.</param>
    public void WriteSignIn(string session, string json) =>
        Write($".aws/sso/cache/{Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(session)))}.json", json);

    public Task<ProxyProcess> StartProxyAsync(params (string Name, string Value)[] settings)
    {
        var services = Services.Endpoint.ToString().TrimEnd('/');
        return ProxyProcess.StartAsync(
            _folder["data"],
            [
                ("HOME", _folder.Path), ("S3_OVERLAY_AUTH", "none"), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_MAX_ATTEMPTS", "1"),
                ("AWS_ENDPOINT_URL_STS", services), ("AWS_ENDPOINT_URL_SSO", services), ("AWS_ENDPOINT_URL_SSO_OIDC", services),
                .. settings,
            ]);
    }

    /// <summary>Reads <c>key</c> of a bucket through the proxy.</summary>
    public async Task<(int Status, string Text)> ReadAsync(ProxyProcess proxy, string bucket)
    {
        Remote.Put(bucket, "key", "bytes"u8.ToArray());
        using var response = await _http.GetAsync(new Uri(proxy.Endpoint, $"/{bucket}/key"));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// The access key and the session token of the last request for a bucket's <c>key</c>; empty strings if it had none.
    /// </summary>
    public (string Key, string Token) LastKeys(string bucket)
    {
        var headers = Remote.Requests.Last(request => request.Bucket == bucket && request.Key == "key").Headers;
        var signature = headers.GetValueOrDefault("Authorization", "");
        return (signature.Length == 0 ? "" : signature.Split("Credential=")[1].Split('/')[0],
            headers.GetValueOrDefault("x-amz-security-token", ""));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Services.DisposeAsync();
        await Remote.DisposeAsync();
        _folder.Dispose();
    }
}
