using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Memory;

/// <summary>
/// Small objects that are read again come from memory, and never an old one. That they come from there shows when their files are damaged.
/// </summary>
public sealed class HotObjectTests : IAsyncLifetime
{
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync() => await StartAsync();

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(65_536)]
    [Trait("Rule", "R1")]
    public async Task A_repeated_read_needs_no_file(int size)
    {
        var bytes = Bytes(size, 1);
        await PutAsync(bytes, ("x-amz-meta-mine", "yes"), ("Content-Type", "text/plain"));
        var first = await GetAsync();
        DamageFiles();
        var second = await GetAsync();
        Assert.Equal(bytes, first.Body);
        Assert.Equal(bytes, second.Body);
        foreach (var header in (string[])["ETag", "Last-Modified", "x-amz-meta-mine", "Content-Type", "Content-Length", "Accept-Ranges"])
        {
            Assert.Equal(first.Headers[header], second.Headers[header]);
        }
    }

    [Fact, Trait("Rule", "R6")]
    public async Task Ranges_conditions_and_copies_are_served_as_from_the_file()
    {
        var bytes = Bytes(10_000, 1);
        await PutAsync(bytes);
        var etag = (await GetAsync()).Headers["ETag"];
        DamageFiles();
        Assert.Equal(bytes[100..200], (await GetAsync(("Range", "bytes=100-199"))).Body);
        Assert.Equal(bytes[^1..], (await GetAsync(("Range", "bytes=-1"))).Body);
        Assert.Equal(416, (await GetAsync(("Range", "bytes=10000-"))).Status);
        Assert.Equal(304, (await GetAsync(("If-None-Match", etag))).Status);
        Assert.Equal(412, (await GetAsync(("If-Match", "\"another\""))).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key"))).Status);
        Assert.Equal(bytes, (await _proxy.SendAsync("GET", "/bucket/copy")).Body);
    }

    [Fact, Trait("Rule", "C3")]
    public async Task An_overwritten_or_deleted_object_is_not_served_again()
    {
        for (var version = 0; version < 20; version++)
        {
            var bytes = Bytes(1000, version);
            await PutAsync(bytes);
            Assert.Equal(bytes, (await GetAsync()).Body);
            Assert.Equal(bytes, (await GetAsync()).Body);
        }

        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/key")).Status);
        Assert.Equal(404, (await GetAsync()).Status);
    }

    [Fact, Trait("Rule", "C3")]
    public async Task An_object_that_became_large_leaves_memory()
    {
        await PutAsync(Bytes(1000, 1));
        await GetAsync();
        await PutAsync(Bytes(100_000, 2));
        Assert.Equal(Bytes(100_000, 2), (await GetAsync()).Body);
        var metrics = (await _proxy.Http.SendUnsignedAsync("GET", "/metrics")).Text;
        Assert.Contains("s3_overlay_memory_cache_bytes 0", metrics, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "C4")]
    public async Task Readers_beside_writers_get_one_version_whole()
    {
        await PutAsync(Bytes(5000, 0));
        var isDone = false;
        var written = 0;
        var readers = Enumerable.Range(0, 4).Select(async _ =>
        {
            var reads = 0;
            while (!Volatile.Read(ref isDone))
            {
                var before = Volatile.Read(ref written);
                var body = (await GetAsync()).Body;
                Assert.Equal(5000, body.Length);
                var version = Enumerable.Range(0, 60).Single(candidate => body.AsSpan().SequenceEqual(Bytes(5000, candidate)));
                Assert.InRange(version, before, 60);
                reads++;
            }

            return reads;
        }).ToArray();
        for (var version = 1; version < 60; version++)
        {
            await PutAsync(Bytes(5000, version));
            Volatile.Write(ref written, version);
        }

        Volatile.Write(ref isDone, true);
        Assert.All(await Task.WhenAll(readers), static reads => Assert.True(reads > 0));
    }

    [Fact, Trait("Rule", "V1")]
    public async Task Each_version_has_its_own_bytes()
    {
        Assert.Equal(200, (await _proxy.Http.SendAsync("PUT", "/bucket?versioning",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"u8.ToArray())).Status);
        var old = await PutAsync(Bytes(1000, 1));
        var newer = await PutAsync(Bytes(1000, 2));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Bytes(1000, 2), (await GetAsync()).Body);
            Assert.Equal(Bytes(1000, 1), (await _proxy.SendAsync("GET", $"/bucket/key?versionId={old}")).Body);
            Assert.Equal(Bytes(1000, 2), (await _proxy.SendAsync("GET", $"/bucket/key?versionId={newer}")).Body);
        }
    }

    [Fact, Trait("Rule", "W9")]
    public async Task An_encrypted_object_is_not_kept()
    {
        var keyHeaders = CustomerKey.Headers(1);
        var bytes = Bytes(1000, 1);
        Assert.Equal(200, (await _proxy.Http.SendAsync("PUT", "/bucket/key", bytes, keyHeaders)).Status);
        Assert.Equal(bytes, (await GetAsync(keyHeaders)).Body);
        Assert.Equal(bytes, (await GetAsync(keyHeaders)).Body);
        Assert.Equal(400, (await GetAsync()).Status);
        Assert.Equal(403, (await GetAsync(CustomerKey.Headers(2))).Status);
        DamageFiles();
        Assert.Equal(500, (await GetAsync(keyHeaders)).Status);
    }

    [Theory]
    [InlineData("0", 1000)]
    [InlineData("64MiB", 65_537)]
    [InlineData("10KiB", 10_000)]
    [Trait("Rule", "F-damaged")]
    public async Task Without_room_or_if_it_is_too_large_an_object_is_read_from_its_file(string memory, int size)
    {
        await _proxy.DisposeAsync();
        await StartAsync(("S3_OVERLAY_MEMORY_CACHE", memory));
        await PutAsync(Bytes(size, 1));
        Assert.Equal(200, (await GetAsync()).Status);
        DamageFiles();
        Assert.Equal(500, (await GetAsync()).Status);
    }

    private async Task StartAsync(params (string Name, string Value)[] settings)
    {
        _proxy = await OverlayHost.StartEmbeddedAsync(null, [("S3_OVERLAY_SSE_C_OVER_HTTP", "true"), .. settings]);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket")).Status);
    }

    private async Task<string?> PutAsync(byte[] bytes, params (string Name, string Value)[] headers)
    {
        var response = await _proxy.Http.SendAsync("PUT", "/bucket/key", bytes, headers);
        Assert.Equal(200, response.Status);
        return response.Headers.GetValueOrDefault("x-amz-version-id");
    }

    private Task<RawResponse> GetAsync(params (string Name, string Value)[] headers) =>
        _proxy.SendAsync("GET", "/bucket/key", null, headers);

    /// <summary>In place: the store has files open.</summary>
    private void DamageFiles()
    {
        foreach (var file in Directory.GetFiles(_proxy.Folder["data/objects"], "*", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(file, new byte[new FileInfo(file).Length]);
        }
    }

    private static byte[] Bytes(int size, int version) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 7) + version))];
}
