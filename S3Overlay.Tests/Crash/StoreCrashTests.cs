using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// A proxy that dies between any two calls of its store: what it acknowledged is there, what it did not is there wholly or not at all, and the remote's object never
/// shows under an acknowledged delete (table F).
/// </summary>
public sealed class StoreCrashTests : IAsyncLifetime
{
    private static readonly (string, string)[] Settings = [("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true")];
    private static readonly string Large = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{i:d9} "));

    private StoreScene _scene = null!;
    private bool _isAcknowledged;

    public async Task InitializeAsync()
    {
        _scene = await StoreScene.StartAsync(true, Settings);
        _scene.Remote.Put("bucket", "source", "remote"u8.ToArray());
        Assert.Equal(200, (await _scene.SendAsync("PUT", "/bucket/warm", "v")).Status);
    }

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Theory, Trait("Rule", "F")]
    [InlineData("small")]
    [InlineData("large")]
    public Task Put(string size)
    {
        var body = size == "small" ? "mine" : Large;
        return KillAsync(
            PutRemoteAsync,
            (proxy, key) => proxy.SendAsync("PUT", "/bucket/" + key, body),
            key => SeesAsync(key, _isAcknowledged ? [body] : [body, "remote"]));
    }

    [Fact, Trait("Rule", "D1")]
    public Task Delete_of_the_remotes() => KillAsync(
        PutRemoteAsync,
        (proxy, key) => proxy.SendAsync("DELETE", "/bucket/" + key),
        key => SeesAsync(key, _isAcknowledged ? [null] : [null, "remote"]));

    [Fact, Trait("Rule", "D1")]
    public Task Delete_of_what_was_written() => KillAsync(
        PutBothAsync,
        (proxy, key) => proxy.SendAsync("DELETE", "/bucket/" + key),
        key => SeesAsync(key, _isAcknowledged ? [null] : [null, "mine"]));

    [Fact, Trait("Rule", "D3")]
    public Task DeleteObjects() => KillAsync(
        PutBothAsync,
        (proxy, key) =>
        {
            var document = $"<Delete><Object><Key>{key}</Key></Object><Object><Key>{key}-2</Key></Object></Delete>";
            return proxy.SendAsync("POST", "/bucket?delete", document, ("Content-MD5", Md5(document)));
        },
        key => SeesAsync(key, _isAcknowledged ? [null] : [null, "mine"]));

    [Fact, Trait("Rule", "W4")]
    public Task Copy_of_the_remotes() => KillAsync(
        _ => Task.CompletedTask,
        (proxy, key) => proxy.SendAsync("PUT", "/bucket/" + key, null, ("x-amz-copy-source", "/bucket/source")),
        key => SeesAsync(key, _isAcknowledged ? ["remote"] : ["remote", null]));

    [Fact, Trait("Rule", "W6")]
    public Task Complete()
    {
        var (upload, etag) = ("", "");
        return KillAsync(
            async key =>
            {
                await PutRemoteAsync(key);
                var started = (await _scene.SendAsync("POST", $"/bucket/{key}?uploads")).Text;
                upload = started.Split("<UploadId>")[1].Split('<')[0];
                etag = (await _scene.SendAsync("PUT", $"/bucket/{key}?partNumber=1&uploadId={upload}", "mine")).Headers["ETag"];
            },
            (proxy, key) => proxy.SendAsync(
                "POST", $"/bucket/{key}?uploadId={upload}", $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"),
            key => SeesAsync(key, _isAcknowledged ? ["mine"] : ["mine", "remote"]));
    }

    [Fact, Trait("Rule", "B3")]
    public Task CreateBucket() => KillAsync(
        _ => Task.CompletedTask,
        (proxy, key) => proxy.SendAsync("PUT", "/" + key),
        async key =>
        {
            var head = await _scene.SendAsync("HEAD", "/" + key);
            Assert.True(head.Status == 200 || (head.Status == 404 && !_isAcknowledged), $"{head.Status}");
        });

    [Fact, Trait("Rule", "B4")]
    public Task DeleteBucket() => KillAsync(
        async key =>
        {
            _scene.Remote.Put(key, "gone", "remote"u8.ToArray());
            Assert.Equal(204, (await _scene.SendAsync("DELETE", $"/{key}/gone")).Status);
        },
        (proxy, key) => proxy.SendAsync("DELETE", "/" + key),
        async key =>
        {
            Assert.Equal(404, (await _scene.SendAsync("GET", $"/{key}/gone")).Status);
            var list = await _scene.SendAsync("GET", "/" + key);
            Assert.True(list.Status == 404 || (!_isAcknowledged && list.Status == 200 && !list.Text.Contains("<Key>", StringComparison.Ordinal)), list.Text);
        });

    [Fact, Trait("Rule", "C2")]
    public Task Fill() => KillAsync(
        PutRemoteAsync,
        async (proxy, key) =>
        {
            var answer = await proxy.SendAsync("GET", "/bucket/" + key);
            await proxy.WhenIdleAsync();
            return answer;
        },
        async key =>
        {
            await SeesAsync(key, "remote");
            await _scene.Proxy.WhenIdleAsync();
            await SeesAsync(key, "remote");
        });

    private static string Md5(string text) => Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private Task PutRemoteAsync(string key)
    {
        _scene.Remote.Put("bucket", key, "remote"u8.ToArray());
        return Task.CompletedTask;
    }

    private async Task PutBothAsync(string key)
    {
        await PutRemoteAsync(key);
        await PutRemoteAsync(key + "-2");
        Assert.Equal(200, (await _scene.SendAsync("PUT", "/bucket/" + key, "mine")).Status);
        Assert.Equal(200, (await _scene.SendAsync("PUT", $"/bucket/{key}-2", "mine")).Status);
    }

    private async Task SeesAsync(string key, params string?[] allowed)
    {
        var read = await _scene.SendAsync("GET", "/bucket/" + key);
        Assert.True(read.Status is 200 or 404, read.Text);
        Assert.Contains(read.Status == 404 ? null : read.Text, allowed);
        var listed = (await _scene.SendAsync("GET", $"/bucket?list-type=2&prefix={key}")).Text.Contains($"<Key>{key}</Key>", StringComparison.Ordinal);
        Assert.Equal(read.Status == 200, listed);
    }

    /// <summary>Lets a proxy of its own do something, and die one call further on each time.</summary>
    private async Task KillAsync(Func<string, Task> prepare, Func<OverlayHost, string, Task<RawAnswer>> first, Func<string, Task> check)
    {
        var serial = Guid.NewGuid().ToString("n")[..4];
        OverlayHost dying = null!;
        var runs = await StoreSteps.KillAsync(
            _scene.Store,
            async run =>
            {
                await prepare($"{serial}-{run}");
                dying = await _scene.AddProxyAsync(Settings);
                _isAcknowledged = false;
            },
            async (run, dead) =>
            {
                try
                {
                    var answer = await _scene.Clock.RunAsync(first(dying, $"{serial}-{run}"));

                    // What of it came after the death, nobody was told.
                    _isAcknowledged = answer.Status is 200 or 204 && answer.Code.Length == 0;
                }
                finally
                {
                    await _scene.Clock.RunAsync(CloseAsync(dying));
                }
            },
            async run =>
            {
                _scene.Clock.Advance(TimeSpan.FromSeconds(2));
                await check($"{serial}-{run}");
            });
        Assert.True(runs > 1);
    }

    private static async Task<bool> CloseAsync(OverlayHost proxy)
    {
        await proxy.DisposeAsync();
        return true;
    }
}
