using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// Only headers that S3 documents are forwarded to a store (rules A1, T3): a store's own headers would act with the proxy's keys, which may
/// do everything there.
/// </summary>
[Trait("Rule", "A1")]
[Trait("Rule", "T3")]
public sealed class RequestHeaderTests : IAsyncLifetime
{
    private readonly Dictionary<string, string> _came = new(StringComparer.OrdinalIgnoreCase);
    private StoreServer _store = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _store.Alter = request =>
        {
            foreach (var (name, value) in request.Headers)
            {
                _came[name] = value.ToString();
            }
        };
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData("x-minio-force-delete", "true")]
    [InlineData("X-Minio-Source-Mtime", "2001-02-03T04:05:06Z")]
    [InlineData("x-minio-source-etag", "0123456789abcdef0123456789abcdef")]
    [InlineData("X-Minio-Source-Replication-Request", "true")]
    [InlineData("x-rustfs-force-delete", "true")]
    [InlineData("x-rgw-copied-from", "bucket")]
    [InlineData("rgwx-uid", "admin")]
    [InlineData("x-seaweedfs-principal", "admin")]
    [InlineData("X-Auth-Token", "token")]
    [InlineData("X-HTTP-Method-Override", "DELETE")]
    [InlineData("X-Original-URL", "/minio/admin/v3/export-iam")]
    [InlineData("Cookie", "session=1")]
    [InlineData("x-amz-copy-source-version-id", "null")]
    [InlineData("x-amz-replication-status", "REPLICA")]
    [InlineData("x-amz-new-and-unknown", "1")]
    public async Task What_S3_does_not_have_never_reaches_the_store(string name, string value)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        foreach (var hasRemote in (bool[])[false, true])
        {
            await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, hasRemote ? remote.Endpoint : null);
            await proxy.SendAsync("PUT", "/bucket");
            foreach (var (method, target, body) in ((string, string, string?)[])[
                ("PUT", "/bucket/k", "value"), ("GET", "/bucket/k", null), ("DELETE", "/bucket/k", null)])
            {
                var signed = await proxy.SendAsync(method, target, body, (name, value));
                Assert.True(signed.Status is 200 or 204, $"{method}: {signed.Text}");
                if (!name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
                {
                    // The client chooses what its signature covers. Unsigned headers have no less effect.
                    var unsigned = proxy.Http.SignedThen(method, target, body, (name, value));
                    Assert.True((await proxy.Http.SendBytesAsync(unsigned)).Status is 200 or 204);
                }
            }
        }

        Assert.DoesNotContain(name, _came.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("x-amz-meta-anything", "value")]
    [InlineData("x-amz-storage-class", "STANDARD")]
    [InlineData("x-amz-tagging", "a=b")]
    [InlineData("x-amz-server-side-encryption", "AES256")]
    [InlineData("x-amz-expected-bucket-owner", "123456789012")]
    [InlineData("x-amz-request-payer", "requester")]
    [InlineData("x-amz-checksum-sha256", "zUJATVKtVcz6mspK3IKKpYAK2dOFoGcfvL9yQRgyBhk=")]
    [InlineData("If-None-Match", "*")]
    [InlineData("Cache-Control", "no-store")]
    [InlineData("Content-Language", "da")]
    [InlineData("Content-Disposition", "inline")]
    [InlineData("User-Agent", "a-client/1")]
    public async Task What_S3_documents_does(string name, string value)
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        _came.Clear();
        await proxy.SendAsync("PUT", "/bucket/k", name == "x-amz-checksum-sha256" ? "value" : "other", (name, value));
        Assert.Equal(value, _came.GetValueOrDefault(name));
    }
}
