using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// A proxy dies between any two calls of its store. What it acknowledged is there. What it did not acknowledge is there wholly or not at
/// all. The remote's object never shows under an acknowledged delete (table F).
/// </summary>
public sealed class StoreCrashTests : IAsyncLifetime
{
    private static readonly (string, string)[] Settings =
    [
        ("S3_OVERLAY_PROXIES", "2"), ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "128KiB"),
        ("S3_OVERLAY_CHUNK_SIZE", "128KiB"),
        ("S3_OVERLAY_READ_AHEAD_BYTES", "0"),
    ];

    private static readonly string Large = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{i:d9} "));

    private StoreScene _scene = null!;
    private bool _isAcknowledged;

    public async Task InitializeAsync()
    {
        _scene = await StoreScene.StartAsync(true, Settings);
        _scene.Remote.Put("bucket", "source", "remote"u8.ToArray());
        _scene.Remote.Put("bucket", "copied", "copied"u8.ToArray());
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
                "POST", $"/bucket/{key}?uploadId={upload}",
                $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"),
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
            Assert.True(list.Status == 404
                || (!_isAcknowledged && list.Status == 200 && !list.Text.Contains("<Key>", StringComparison.Ordinal)), list.Text);
        });

    [Fact, Trait("Rule", "C2")]
    public Task Fill() => KillAsync(
        PutRemoteAsync,
        async (proxy, key) =>
        {
            var response = await proxy.SendAsync("GET", "/bucket/" + key);
            await proxy.WhenIdleAsync();
            return response;
        },
        async key =>
        {
            await SeesAsync(key, "remote");
            await _scene.Proxy.WhenIdleAsync();
            await SeesAsync(key, "remote");
        });

    /// <summary>Chunks, and the manifest that lists them.</summary>
    [Fact, Trait("Rule", "C2")]
    public async Task Fill_in_chunks()
    {
        await KillAsync(
            key =>
            {
                _scene.Remote.Put("bucket", key, System.Text.Encoding.ASCII.GetBytes(Large));
                return Task.CompletedTask;
            },
            async (proxy, key) =>
            {
                var response = await proxy.SendAsync("GET", "/bucket/" + key);
                await proxy.WhenIdleAsync();
                return response;
            },
            async key =>
            {
                await SeesAsync(key, Large);
                var range = await _scene.SendAsync("GET", "/bucket/" + key, null, ("Range", "bytes=100000-200009"));
                Assert.Equal((206, Large[100_000..200_010]), (range.Status, range.Text));
                await _scene.Proxy.WhenIdleAsync();
                await SeesAsync(key, Large);
            });
        Assert.Contains(_scene.Store.Calls, call => call is { Method: "PUT", Status: 200 }
            && call.Path.Contains("/k/bucket/", StringComparison.Ordinal));
        Assert.Contains(_scene.Store.Calls, call => call is { Method: "PUT", Status: 200 }
            && call.Path.Contains("/c/bucket/", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "W5")]
    public Task Tags_of_the_remotes() => KillAsync(
        PutRemoteAsync,
        (proxy, key) => proxy.SendAsync("PUT", $"/bucket/{key}?tagging",
            "<Tagging><TagSet><Tag><Key>k</Key><Value>mine</Value></Tag></TagSet></Tagging>"),
        async key =>
        {
            await SeesAsync(key, "remote");
            var tags = await _scene.SendAsync("GET", $"/bucket/{key}?tagging");
            Assert.True(!_isAcknowledged || tags.Text.Contains("<Value>mine</Value>", StringComparison.Ordinal), tags.Text);

            // What the dead process left behind does not block a new attempt.
            Assert.Equal(
                200, (await _scene.SendAsync("PUT", $"/bucket/{key}?tagging",
                "<Tagging><TagSet><Tag><Key>k</Key><Value>again</Value></Tag></TagSet></Tagging>")).Status);
            Assert.Contains("<Value>again</Value>", (await _scene.SendAsync("GET", $"/bucket/{key}?tagging")).Text);
            await SeesAsync(key, "remote");
        });

    [Theory, Trait("Rule", "W6")]
    [InlineData(null)]
    [InlineData("/bucket/copied")]
    public Task Part(string? source)
    {
        var (upload, etag) = ("", "");
        return KillAsync(
            async key =>
            {
                await PutRemoteAsync(key);
                upload = (await _scene.SendAsync("POST", $"/bucket/{key}?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
            },
            async (proxy, key) =>
            {
                var path = $"/bucket/{key}?partNumber=1&uploadId={upload}";
                var part = await (source is null ? proxy.SendAsync("PUT", path, "part")
                    : proxy.SendAsync("PUT", path, null, ("x-amz-copy-source", source)));
                etag = part.Headers.GetValueOrDefault("ETag")
                    ?? (part.Text.Contains("<ETag>", StringComparison.Ordinal) ? part.Text.Split("<ETag>")[1].Split('<')[0] : "");
                return part;
            },
            async key =>
            {
                await SeesAsync(key, "remote");
                if (_isAcknowledged)
                {
                    Assert.Contains("<PartNumber>1</PartNumber>", (await _scene.SendAsync("GET", $"/bucket/{key}?uploadId={upload}")).Text);
                    var parts =
                        $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>";
                    Assert.Equal("", (await _scene.SendAsync("POST", $"/bucket/{key}?uploadId={upload}", parts)).Code);
                    await SeesAsync(key, source is null ? "part" : "copied");
                }
                else
                {
                    Assert.Equal(204, (await _scene.SendAsync("DELETE", $"/bucket/{key}?uploadId={upload}")).Status);
                    await SeesAsync(key, "remote");
                }
            });
    }

    [Fact, Trait("Rule", "A5")]
    public Task Undelete_of_a_key() => KillAsync(
        async key =>
        {
            await PutRemoteAsync(key);
            Assert.Equal(204, (await _scene.SendAsync("DELETE", "/bucket/" + key)).Status);
        },
        (proxy, key) => UndeleteAsync(proxy, $"bucket=bucket&key={key}", "\"tombstones\":1"),
        async key =>
        {
            await SeesAsync(key, _isAcknowledged ? ["remote"] : ["remote", null]);
            Assert.Equal(200, (await _scene.SendAsync("POST", $"/-/v1/discard?bucket=bucket&key={key}")).Status);
            await SeesAsync(key, "remote");
        });

    [Fact, Trait("Rule", "P3")]
    public Task Revert() => KillAsync(
        async key =>
        {
            await PutRemoteAsync(key);
            Assert.Equal(204, (await _scene.SendAsync("DELETE", "/bucket/" + key)).Status);
            Assert.Equal(200, (await _scene.SendAsync("PUT", "/bucket/" + key, "mine")).Status);
            _scene.Clock.Advance(TimeSpan.FromSeconds(61));
        },
        async (proxy, key) =>
        {
            var response = await proxy.SendAsync("POST", $"/-/v1/revert?bucket=bucket&key={key}");
            return response.Text.Contains("\"reverted\":1", StringComparison.Ordinal) ? response : response with { Status = 503 };
        },
        async key =>
        {
            await SeesAsync(key, _isAcknowledged ? ["remote"] : ["remote", "mine"]);
            Assert.Equal(200, (await _scene.SendAsync("POST", $"/-/v1/revert?bucket=bucket&key={key}")).Status);
            await SeesAsync(key, "remote");
        });

    [Fact, Trait("Rule", "B4")]
    public Task Undelete_of_a_bucket() => KillAsync(
        async key =>
        {
            _scene.Remote.Put(key, "gone", "remote"u8.ToArray());
            Assert.Equal(204, (await _scene.SendAsync("DELETE", $"/{key}/gone")).Status);
            Assert.Equal(204, (await _scene.SendAsync("DELETE", "/" + key)).Status);
        },
        (proxy, key) => UndeleteAsync(proxy, $"bucket={key}", "\"buckets\":1"),
        async key =>
        {
            // All or nothing, but never a bucket that shows while some of its deletes are left.
            var get = await _scene.SendAsync("GET", $"/{key}/gone");
            Assert.True(get.Status == 200 || (get.Status == 404 && !_isAcknowledged), get.Text);
            Assert.Equal(200, (await _scene.SendAsync("POST", $"/-/v1/discard?bucket={key}")).Status);
            _scene.Clock.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal("remote", (await _scene.SendAsync("GET", $"/{key}/gone")).Text);
        });

    private static string Md5(string text) =>
        Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>Undeletes. The response document has the result.</summary>
    private static async Task<RawResponse> UndeleteAsync(OverlayHost proxy, string what, string done)
    {
        var response = await proxy.SendAsync("POST", "/-/v1/discard?" + what);
        return response.Text.Contains("\"done\":true", StringComparison.Ordinal) && response.Text.Contains(done, StringComparison.Ordinal)
            ? response : response with { Status = 503 };
    }

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
        var listed = (await _scene.SendAsync("GET", $"/bucket?list-type=2&prefix={key}")).Text
            .Contains($"<Key>{key}</Key>", StringComparison.Ordinal);
        Assert.Equal(read.Status == 200, listed);
    }

    /// <summary>Runs an action in its own proxy, which dies one call later each time.</summary>
    private async Task KillAsync(Func<string, Task> prepare, Func<OverlayHost, string, Task<RawResponse>> first, Func<string, Task> check)
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
                    var response = await _scene.Clock.RunAsync(first(dying, $"{serial}-{run}"));

                    // A response that arrives after the crash does not count: the client never saw it.
                    _isAcknowledged = response.Status is 200 or 204 && response.Code.Length == 0;
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
