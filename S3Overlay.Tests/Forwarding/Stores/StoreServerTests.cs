using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>The store that other tests run on does what they expect.</summary>
public sealed class StoreServerTests : IAsyncLifetime
{
    private StoreServer _store = null!;
    private AmazonS3Client _s3 = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _s3 = S3Clients.Create(_store.Endpoint);
        await _s3.PutBucketAsync("bucket");
        _store.ForgetCalls();
    }

    public async Task DisposeAsync()
    {
        _s3.Dispose();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Calls_are_noted()
    {
        await PutAsync("a b");
        await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => _s3.GetObjectAsync("bucket", "none"));
        Assert.Equal([new("PUT", "/bucket/a%20b", "", 200), new("GET", "/bucket/none", "", 404)],
            _store.Calls.Select(c => c with { Query = "" }));
    }

    [Fact]
    public async Task A_call_cut_before_it_takes_effect_has_none()
    {
        _store.Before = _ => throw new IOException();
        await Assert.ThrowsAnyAsync<Exception>(() => PutAsync("key"));
        _store.Before = null;
        Assert.All(_store.Calls, call => Assert.Equal(0, call.Status));
        await Assert.ThrowsAnyAsync<Exception>(() => _s3.GetObjectMetadataAsync("bucket", "key"));
    }

    [Fact]
    public async Task A_call_cut_after_it_took_effect_has_it()
    {
        _store.After = _ => throw new IOException();
        await Assert.ThrowsAnyAsync<Exception>(() => PutAsync("key"));
        _store.After = null;
        Assert.All(_store.Calls, call => Assert.Equal(200, call.Status));
        await _s3.GetObjectMetadataAsync("bucket", "key");
    }

    [Fact]
    public async Task A_store_can_fail_and_can_lack_what_others_know()
    {
        _store.Refuse = request => request.Method == "PUT" ? 500 : null;
        await Assert.ThrowsAnyAsync<Exception>(() => PutAsync("key"));
        _store.Refuse = null;
        var raw = new SignedHttp(_store.Endpoint);
        Assert.Equal(200, (await raw.SendAsync("PUT", "/bucket/key", [1], ("If-None-Match", "*"))).Status);
        Assert.Equal(412, (await raw.SendAsync("PUT", "/bucket/key", [2], ("If-None-Match", "*"))).Status);
        _store.Alter = request => request.Headers.Remove("If-None-Match");
        Assert.Equal(200, (await raw.SendAsync("PUT", "/bucket/key", [3], ("If-None-Match", "*"))).Status);
    }

    private Task PutAsync(string key) => _s3.PutObjectAsync(new PutObjectRequest { BucketName = "bucket", Key = key, ContentBody = "a" });
}
