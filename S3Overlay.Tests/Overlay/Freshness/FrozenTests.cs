using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Frozen entries are never replaced, even if their objects change at the remote (rule S1).</summary>
[Trait("Rule", "S1")]
public class FrozenTests : FreshnessTestBase
{
    private readonly byte[] _older = Bytes(200_000);

    public FrozenTests()
    {
        Revalidate(Revalidation.Frozen);
        InChunks();
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task Entries_are_served_for_ever_without_a_request(int length)
    {
        var bytes = await HoldAsync("key", length);
        Remote.Put("key", Bytes(length, 2));
        Time.Advance(TimeSpan.FromDays(10_000));
        ForgetRequests();
        foreach (var head in (bool[])[true, false])
        {
            var response = await ReadAsync(Request("key", head: head));
            Assert.Equal(("cache", "HIT", "864000000"), Origin(response));
            Assert.Equal(head ? [] : bytes, response.Bytes);
        }

        await ReopenAsync();
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        Assert.Empty(Remote.Heads);
        Assert.Empty(Remote.Gets);
    }

    /// <summary>The HEAD that requests checksums describes an object that was rewritten with the same bytes.</summary>
    [Theory]
    [Trait("Rule", "T1")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_entry_that_is_not_revalidated_learns_only_its_checksums(bool isFrozen)
    {
        Revalidate(isFrozen ? Revalidation.Frozen : Revalidation.Never);
        var bytes = Bytes(1000);
        var older = Remote.Put("key", bytes);
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        var validatedAt = await ValidatedAtAsync();
        Remote.Put(
            "key", bytes, modified: older.LastModified.AddDays(1), headers: [new("x-amz-meta-color", "red")],
            checksum: new(Proxy.Protocol.Bodies.ChecksumAlgorithm.Crc32, "AAAAAA=="));
        Time.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < 2; i++)
        {
            var response = await ReadAsync(Request("key", headers: ("x-amz-checksum-mode", "ENABLED")));
            Assert.Equal(
                ("AAAAAA==", "blue", HttpDates.Header(older.LastModified), "86400"),
                (response.Headers["x-amz-checksum-crc32"].ToString(), response.Headers["x-amz-meta-color"].ToString(),
                    response.Headers.LastModified.ToString(), Origin(response).Age));
            Assert.Equal(validatedAt, await ValidatedAtAsync());
            await ReopenAsync();
        }

        Assert.Single(Remote.Heads);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("shorter")]
    [InlineData("gone")]
    public async Task A_missing_byte_of_a_changed_object_is_503_and_the_entry_stays(string how)
    {
        var etag = await HoldPartAsync();
        Change(how);
        for (var i = 0; i < 2; i++)
        {
            await AssertDriftedAsync("bytes=150000-150009");
            await AssertDriftedAsync("bytes=60000-70000");
            await AssertDriftedAsync(null);
            var held = await ReadAsync("key", "bytes=10-60009");
            Assert.Equal(_older[10..60_010], held.Bytes);
            Assert.Equal((etag, "HIT"), (held.Headers.ETag.ToString(), Origin(held).Cache));
            await QuietAsync();
            await ReopenAsync();
        }

        await using var copy = await Store.FindAsync(Bucket, "key", default);
        Assert.Equal(etag, copy!.Info.ETag);
    }

    [Fact]
    public async Task Missing_bytes_of_an_object_that_did_not_change_are_fetched()
    {
        await HoldPartAsync();
        Assert.Equal(_older[60_000..150_000], (await ReadAsync("key", "bytes=60000-149999")).Bytes);
        Assert.Equal(_older, (await ReadAsync("key")).Bytes);
    }

    [Fact]
    public async Task Uncached_keys_show_the_remote_and_are_cached_from_then_on()
    {
        var newer = Bytes(500, 2);
        Remote.Put("key", Bytes(500));
        Remote.Put("key", newer);
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Remote.Put("key", Bytes(500, 3));
        Assert.Equal(newer, (await ReadAsync("key")).Bytes);
    }

    [Fact]
    public async Task A_fill_that_brought_nothing_freezes_nothing()
    {
        Remote.Put("key", _older);
        Remote.OnByte = (_, _) => throw new IOException("as the test says");
        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync("key", "bytes=0-9"));
        await QuietAsync();
        Remote.OnByte = null;
        var newer = Bytes(200_000, 2);
        Remote.Put("key", newer);
        Assert.Equal(newer[..10], (await ReadAsync("key", "bytes=0-9")).Bytes);
    }

    /// <summary>All its bytes are in one block, so none is left. It must not count as one that never had any.</summary>
    [Theory]
    [Trait("Rule", "F")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_entry_of_a_changed_object_is_503_until_the_version_is_back(bool isCut)
    {
        var bytes = await HoldAsync("key");
        await ReopenAsync();
        await DamageAsync(isCut);
        Remote.Put("key", Bytes(1000, 2));
        for (var i = 0; i < 2; i++)
        {
            await AssertDriftedAsync(null);
            await AssertDriftedAsync("bytes=0-9");
            await QuietAsync();
            await ReopenAsync();
        }

        Remote.Put("key", bytes);
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Remote.Put("key", Bytes(1000, 2));
        Assert.Equal(("HIT", 1000), (Origin(await ReadAsync("key")).Cache, (await ReadAsync("key")).Bytes.Length));
    }

    [Fact]
    public async Task An_evicted_entry_is_filled_again()
    {
        await HoldPartAsync();
        Change("changed");
        await Reader.InvalidateAsync(Bucket, "key");
        Assert.Equal(Bytes(200_000, 2), (await ReadAsync("key")).Bytes);
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_failing_cache_is_503_and_not_the_remotes_version()
    {
        var bytes = await HoldAsync("key");
        Remote.Put("key", Bytes(1000, 2));
        var isBroken = true;
        Wrap = store =>
            new SteppedStore(store) { AfterFind = () => isBroken ? throw new IOException("as the test says") : Task.CompletedTask };
        await ReopenAsync();
        ForgetRequests();
        Assert.Equal(503, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key"))).Error.Status);
        Assert.Empty(Remote.Gets);
        isBroken = false;
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task A_part_is_of_the_cached_version_or_of_none()
    {
        await HoldPartAsync();
        Change("changed");
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", query: "partNumber=1")));
        Assert.Equal("RemoteChanged", failure.Error.Code);
    }

    [Fact]
    [Trait("Rule", "W4")]
    public async Task Copy_sources_are_of_the_cached_version_or_of_none()
    {
        await HoldPartAsync();
        Change("changed");
        var info = (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default))!;
        Assert.Equal(200_000, info.Size);
        var failure = await Assert.ThrowsAsync<RemoteException>(() => Reader
            .OpenAsync(Bucket, "key", Remote.Bucket, info, new ByteRange(150_000, 150_009), isCurrent: false, default));
        Assert.Equal(RemoteFailure.Drifted, failure.Failure);
    }

    /// <summary>Damages the bytes of the only entry, which is in one block, or cuts off the last.</summary>
    protected virtual async Task DamageAsync(bool isCut)
    {
        // Shared: the store may look at its files in the background.
        await using var file = File.Open(
            Assert.Single(Directory.GetFiles(Folder["cache/files"], "*", SearchOption.AllDirectories)), FileMode.Open,
            FileAccess.ReadWrite, FileShare.ReadWrite);
        if (isCut)
        {
            file.SetLength(file.Length - 1);
            return;
        }

        file.Position = file.Length - 1;
        var octet = file.ReadByte();
        file.Position = file.Length - 1;
        file.WriteByte((byte)(octet ^ 1));
    }

    /// <summary>Holds the first chunk of four.</summary>
    private async Task<string> HoldPartAsync()
    {
        var info = Remote.Put("key", _older);
        await ReadAsync("key", "bytes=0-9");
        await QuietAsync();
        return info.ETag;
    }

    private void Change(string how)
    {
        if (how == "gone")
        {
            Remote.Remove("key");
        }
        else
        {
            Remote.Put("key", Bytes(how == "shorter" ? 100 : 200_000, 2));
        }
    }

    private async Task AssertDriftedAsync(string? range)
    {
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", range));
        Assert.Equal(("RemoteChanged", 503), (failure.Error.Code, failure.Error.Status));
    }
}
