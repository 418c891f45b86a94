using System.Security.Cryptography;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

public class ColdAndWarmReadTests : ReaderTestBase
{
    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_cold_get_is_one_plain_get_and_a_warm_one_costs_no_request()
    {
        var bytes = Bytes(200_000);
        var info = Remote.Put("key", bytes);
        var cold = await ReadAsync("key");
        Assert.Equal(bytes, cold.Bytes);
        Assert.Equal(("remote", "MISS", "0"), Origin(cold));
        Assert.Null(Assert.Single(Remote.Gets).Range);
        await QuietAsync();

        var warm = await ReadAsync("key");
        Assert.Equal(bytes, warm.Bytes);
        Assert.Equal(("cache", "HIT", "0"), Origin(warm));
        Assert.Single(Remote.Gets);
        Assert.Empty(Remote.Heads);
        Assert.Equal(info.ETag, warm.Headers.ETag.ToString());
        Assert.Equal("blue", warm.Headers["x-amz-meta-color"].ToString());
        Assert.Equal(cold.Headers.Where(IsOfTheObject).OrderBy(h => h.Key), warm.Headers.Where(IsOfTheObject).OrderBy(h => h.Key));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task A_cold_head_is_one_head_and_a_cached_one_none()
    {
        Remote.Put("key", Bytes(100));
        Assert.Equal(100, (await ReadAsync(Request("key", head: true))).Headers.ContentLength);
        Assert.Equal((1, 0), (Remote.Heads.Count, Remote.Gets.Count));
        await ReadAsync("key");
        await QuietAsync();
        var held = await ReadAsync(Request("key", head: true));
        Assert.Equal("HIT", held.Headers["x-cache"].ToString());
        Assert.Equal(0, held.Length);
        Assert.Single(Remote.Heads);
    }

    [Theory]
    [Trait("Rule", "R6")]
    [InlineData("If-None-Match", 304)]
    [InlineData("If-Match", 200)]
    public async Task Conditions_of_a_cold_get_cost_a_head_and_no_body_where_none_is_sent(string name, int status)
    {
        var info = Remote.Put("key", Bytes(100));
        var response = await ReadAsync(Request("key", headers: (name, info.ETag)));
        Assert.Equal(status, response.Status);
        Assert.Equal(status == 304 ? 0 : 1, Remote.Gets.Count);
        Assert.Equal(status == 304 ? 0 : 100, response.Length);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task An_empty_range_is_416_with_the_size_cold_and_cached()
    {
        Remote.Put("key", Bytes(10));
        for (var i = 0; i < 2; i++)
        {
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=10-"));
            Assert.Equal("InvalidRange", failure.Error.Code);
            Assert.Contains(new("Content-Range", "bytes */10"), failure.Headers);
            await ReadAsync("key");
        }
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task The_last_no_bytes_are_416_whatever_the_remote_makes_of_them()
    {
        Remote.Put("key", Bytes(10));
        Remote.OnRequest = (read, _) => read.Range == "bytes=-0"
            ? throw new RemoteException(RemoteFailure.BodyBroken, "The whole object came, as of Ceph.")
            : Task.CompletedTask;
        foreach (var caches in (bool[])[true, false])
        {
            Settings = Settings with { CacheEnabled = caches };
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync("key", "bytes=-0"));
            Assert.Equal("InvalidRange", failure.Error.Code);
            Assert.Contains(new("Content-Range", "bytes */10"), failure.Headers);
            await ReopenAsync();
        }
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Objects_with_weak_or_missing_etags_are_streamed_and_not_cached()
    {
        foreach (var etag in (string[])["", "W/\"weak\""])
        {
            Remote.Put("key", Bytes(1000), etag);
            for (var i = 0; i < 2; i++)
            {
                var response = await ReadAsync("key", "bytes=5-9");
                Assert.Equal(Bytes(1000)[5..10], response.Bytes);
                Assert.Equal(("remote", "BYPASS", "0"), Origin(response));
                Assert.Null(await Store.FindAsync(Bucket, "key", default));
            }
        }
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task With_caching_off_nothing_is_stored()
    {
        Settings = Settings with { CacheEnabled = false };
        var info = Remote.Put("key", Bytes(1000));
        Assert.Equal(Bytes(1000), (await ReadAsync("key")).Bytes);
        Assert.Equal(Bytes(1000)[990..], (await ReadAsync("key", "bytes=-10")).Bytes);
        Assert.Equal(Bytes(1000)[..3], (await ReadAsync(Request("key", "bytes=0-2", headers: ("If-Match", info.ETag)))).Bytes);
        Assert.Equal([null, "bytes=-10", "bytes=0-2"], Remote.Gets.Select(get => get.Range));
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_range_at_a_chunks_end_brings_its_block()
    {
        Settings = Settings with { ChunkThreshold = 1000, ChunkSize = 100_000 };
        var bytes = Bytes(1_000_000);
        Remote.Put("key", bytes);
        var response = await ReadAsync("key", "bytes=199900-199999");
        Assert.Equal(bytes[199_900..200_000], response.Bytes);
        await QuietAsync();
        Assert.Equal(["bytes=165536-199999"], Remote.Gets.Select(get => get.Range!));
        Assert.Equal("HIT", (await ReadAsync("key", "bytes=165536-199999")).Headers["x-cache"].ToString());
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task A_range_of_an_object_cached_whole_does_not_wait_for_the_rest()
    {
        var bytes = Bytes(300_000);
        Remote.Put("key", bytes);
        var rest = new TaskCompletionSource();
        Remote.OnRequest = (read, _) => read.IfMatch is null ? Task.CompletedTask : rest.Task;
        Assert.Equal(bytes[140_000..140_100], (await ReadAsync("key", "bytes=140000-140099")).Bytes);
        rest.SetResult();
        await QuietAsync();
        Assert.Equal(["bytes=131072-196607", "bytes=196608-299999", "bytes=0-131071"], Remote.Gets.Select(get => get.Range!));
        Assert.Equal("HIT", (await ReadAsync("key")).Headers["x-cache"].ToString());
    }

    [Fact]
    public async Task An_empty_object_is_cached_too()
    {
        Remote.Put("key", []);
        Assert.Equal((200, 0), ((await ReadAsync("key")).Status, (await ReadAsync("key")).Length));
        Assert.Single(Remote.Gets);
    }

    [Theory]
    [Trait("Rule", "F")]
    [InlineData(RemoteFailure.Unavailable, "ServiceUnavailable", 503)]
    [InlineData(RemoteFailure.Throttled, "SlowDown", 503)]
    [InlineData(RemoteFailure.BadCredentials, "ServiceUnavailable", 503)]
    [InlineData(RemoteFailure.AccessDenied, "NoSuchKey", 404)]
    [InlineData(RemoteFailure.NoSuchKey, "NoSuchKey", 404)]
    public async Task The_remotes_failures_are_the_clients_errors(RemoteFailure failure, string code, int status)
    {
        Remote.OnRequest = (_, _) => throw new RemoteException(failure, "it failed");
        foreach (var head in (bool[])[false, true])
        {
            var error = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", head: head)));
            Assert.Equal((code, status), (error.Error.Code, error.Error.Status));
            Assert.Equal(status == 503, error.Headers.Any(header => header.Key == "Retry-After"));
        }
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_whole_body_with_another_md5_is_sent_but_not_cached()
    {
        Remote.Put("key", Bytes(1000), $"\"{new string('a', 32)}\"");
        Assert.Equal(Bytes(1000), (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal(1, Reader.Fills!.Mismatches);
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task Checksums_of_an_entry_that_began_with_a_range_are_requested_once_and_only_if_the_client_wants_them()
    {
        var info = Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync(Request("key", "bytes=5-9", headers: Enabled));
        await QuietAsync();
        Assert.Equal("", Checksum(await ReadAsync("key")));
        Assert.Equal("", Checksum(await ReadAsync(Request("key", "bytes=7-9", headers: Enabled))));
        Assert.Empty(Remote.Heads);
        var responses =
            await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ReadAsync(Request("key", head: i % 2 == 0, headers: Enabled))));
        Assert.All(responses,
            response => Assert
                .Equal(("AAAAAA==", "FULL_OBJECT"), (Checksum(response), response.Headers["x-amz-checksum-type"].ToString())));
        Assert.All(responses, response => Assert.Equal("HIT", response.Headers["x-cache"].ToString()));
        Assert.Equal(info.ETag, Assert.Single(Remote.Heads).IfMatch);
        await ReopenAsync();
        Assert.Equal("AAAAAA==", Checksum(await ReadAsync(Request("key", head: true, headers: Enabled))));
        Assert.Single(Remote.Heads);
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task A_reader_that_joins_a_fill_that_began_with_a_range_gets_checksums_too()
    {
        Remote.Put("key", Bytes(200_000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        var gate = new TaskCompletionSource();
        Remote.OnByte = (at, token) => at > 100_000 ? gate.Task.WaitAsync(token) : Task.CompletedTask;
        await ReadAsync("key", "bytes=5-9");
        var follower = ReadAsync(Request("key", headers: Enabled));
        await Remote.UntilAsync(() => !Remote.Heads.IsEmpty, "No checksums are requested.");
        gate.SetResult();
        Assert.Equal("AAAAAA==", Checksum(await follower));
    }

    [Theory]
    [Trait("Rule", "T1")]
    [InlineData(RemoteFailure.Unavailable)]
    [InlineData(RemoteFailure.AccessDenied)]
    [InlineData(RemoteFailure.Changed)]
    [InlineData(RemoteFailure.NoSuchKey)]
    public async Task Cached_bytes_are_sent_without_checksums_if_the_remote_has_none_and_it_is_not_asked_each_time(
        RemoteFailure failure)
    {
        Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        Remote.OnRequest = (_, _) => throw new RemoteException(failure, "as the test says");
        for (var i = 0; i < 3; i++)
        {
            var response = await ReadAsync(Request("key", headers: Enabled));
            Assert.Equal((200, "", "HIT"), (response.Status, Checksum(response), response.Headers["x-cache"].ToString()));
            Assert.Equal(Bytes(1000), response.Bytes);
        }

        Assert.Single(Remote.Heads);
        Remote.OnRequest = null;
        Time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("AAAAAA==", Checksum(await ReadAsync(Request("key", headers: Enabled))));
        }

        Assert.Equal(2, Remote.Heads.Count);
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task A_remote_that_hangs_on_checksums_delays_one_reader_and_no_other()
    {
        Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        Remote.OnRequest = (_, token) => Task.Delay(Timeout.Infinite, token);
        var first = ReadAsync(Request("key", headers: Enabled));
        await Remote.UntilAsync(() => !Remote.Heads.IsEmpty, "No checksums are requested.");
        Time.Advance(Settings.RevalidationTimeout);
        Assert.Equal(("", 1000L), (Checksum(await first), (await ReadAsync(Request("key", headers: Enabled))).Length));
        Assert.Single(Remote.Heads);
        Assert.Single(Remote.Suspected);
    }

    [Theory]
    [Trait("Rule", "T1")]
    [InlineData("If-None-Match", 304)]
    [InlineData("If-Match", 412)]
    public async Task Checksums_are_not_requested_if_the_response_is_not_the_object(string condition, int status)
    {
        var info = Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        var request = Request("key", headers: [.. Enabled, (condition, status == 304 ? info.ETag : "\"other\"")]);
        if (status == 412)
        {
            Assert.Equal(412, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(request))).Error.Status);
        }
        else
        {
            Assert.Equal(304, (await ReadAsync(request)).Status);
        }

        Assert.Empty(Remote.Heads);
    }

    [Fact]
    [Trait("Rule", "T1")]
    [Trait("Rule", "W4")]
    public async Task That_a_version_is_gone_is_not_kept_as_if_it_had_no_checksums()
    {
        Remote.Put("key", Bytes(1000), checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReadAsync("key", "bytes=5-9");
        await QuietAsync();
        Remote.Remove("key");
        var known = (await Reader.HeadAsync(Bucket, "key", Remote.Bucket, mayBeStale: true, default))!;
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty((await Reader.WithChecksumsAsync(Bucket, "key", Remote.Bucket, known, default)).Checksums);
        }

        Assert.Single(Remote.Heads);
        Remote.Put("key", Bytes(1000), known.ETag, checksum: new(ChecksumAlgorithm.Crc32, "AAAAAA=="));
        await ReopenAsync();
        Assert.Single((await Reader.WithChecksumsAsync(Bucket, "key", Remote.Bucket, known, default)).Checksums);
    }

    /// <summary>An MD5 costs many times what a CRC costs, so the CRC decides if the remote has both.</summary>
    [Theory]
    [Trait("Rule", "F")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_checksum_of_the_remote_is_compared_instead_of_its_md5(bool isRight)
    {
        var (bytes, other) = (Bytes(700_000), Bytes(700_000, seed: 2));
        Remote.Put(
            "key", bytes, $"\"{Convert.ToHexStringLower(MD5.HashData(isRight ? other : bytes))}\"",
            checksum: ChecksumHasher.Compute(ChecksumAlgorithm.Crc64Nvme, isRight ? bytes : other));
        Assert.Equal(bytes, (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal(isRight ? 0 : 1, Reader.Fills!.Mismatches);
    }

    public static TheoryData<bool, bool, bool> Promises =>
        new() { { true, true, false }, { true, false, false }, { false, true, false }, { false, false, false }, { true, true, true },
            { false, true, true } };

    /// <summary>The ETag of an object in parts is no digest of its bytes. A checksum is, if one is known.</summary>
    [Theory]
    [Trait("Rule", "F")]
    [MemberData(nameof(Promises))]
    public async Task An_object_is_cached_only_if_it_is_what_the_remote_promised(bool isRight, bool hasMd5, bool beginsWithRange)
    {
        var bytes = Bytes(700_000);
        var promised = isRight ? bytes : Bytes(700_000, seed: 2);
        Remote.Put(
            "key", bytes, hasMd5 ? $"\"{Convert.ToHexStringLower(MD5.HashData(promised))}\"" : $"\"{new string('a', 32)}-2\"",
            checksum: hasMd5 ? null : ChecksumHasher.Compute(ChecksumAlgorithm.Crc64Nvme, promised));
        Assert.Equal(beginsWithRange ? bytes[500_000..500_100] : bytes,
            (await ReadAsync("key", beginsWithRange ? "bytes=500000-500099" : null)).Bytes);
        await QuietAsync();
        Assert.Equal(isRight ? 0 : 1, Reader.Fills!.Mismatches);
        await ReopenAsync();
        Assert.Equal(isRight ? "HIT" : "MISS", Origin(await ReadAsync("key")).Cache);
        await QuietAsync();
    }

    [Fact]
    [Trait("Rule", "F")]
    public async Task A_checksum_that_cannot_be_one_promises_nothing()
    {
        Remote.Put("key", Bytes(1000), $"\"{new string('a', 32)}-2\"", checksum: new(ChecksumAlgorithm.Crc32, "nonsense"));
        Assert.Equal(Bytes(1000), (await ReadAsync("key")).Bytes);
        await QuietAsync();
        Assert.Equal((0, "HIT"), (Reader.Fills!.Mismatches, Origin(await ReadAsync("key")).Cache));
    }

    [Theory]
    [Trait("Rule", "F")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_object_of_two_fills_is_cached_only_if_it_is_right(bool isRight)
    {
        const int Size = 4_000_000;
        Settings = Settings with { TakeOverDistance = 0 };
        Remote.Put("key", Bytes(Size), $"\"{Convert.ToHexStringLower(MD5.HashData(isRight ? Bytes(Size) : Bytes(Size, seed: 2)))}\"");
        var gate = new TaskCompletionSource();
        Remote.OnByte = (at, token) => at is > 500_000 and < 2_000_000 ? gate.Task.WaitAsync(token) : Task.CompletedTask;
        var whole = ReadAsync("key");
        await Remote.UntilAsync(() => Remote.Bytes > 400_000, "The first fill does not begin.");
        Assert.Equal(Bytes(Size)[3_000_000..3_000_010], (await ReadAsync("key", "bytes=3000000-3000009")).Bytes);
        gate.SetResult();
        Assert.Equal(Bytes(Size), (await whole).Bytes);
        await QuietAsync();
        Assert.Equal(2, Remote.Gets.Count);
        Assert.Equal(isRight ? 0 : 1, Reader.Fills!.Mismatches);
        await ReopenAsync();
        Assert.Equal(isRight ? "HIT" : "MISS", Origin(await ReadAsync("key")).Cache);
        await QuietAsync();
    }

    /// <summary>Chunks count as they arrive. The whole is compared once the last one has arrived, in any order.</summary>
    [Theory]
    [Trait("Rule", "F")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_object_in_chunks_stays_cached_only_if_it_is_right_once_complete(bool isRight)
    {
        const int Chunk = 200_000;
        Settings = Settings with { ChunkThreshold = Chunk, ChunkSize = Chunk, ReadAheadBytes = 0 };
        var bytes = Bytes((3 * Chunk) + 7);
        var promised = bytes.ToArray();
        promised[(2 * Chunk) + 50] ^= (byte)(isRight ? 0 : 1);
        Remote.Put("key", bytes, $"\"{Convert.ToHexStringLower(MD5.HashData(promised))}\"");
        foreach (var at in (int[])[2 * Chunk, 0, 3 * Chunk])
        {
            var last = Math.Min(at + Chunk, bytes.Length) - 1;
            Assert.Equal(bytes[at..(last + 1)], (await ReadAsync("key", $"bytes={at}-{last}")).Bytes);
            await QuietAsync();
        }

        Assert.Equal("HIT", Origin(await ReadAsync("key", $"bytes={2 * Chunk}-{(2 * Chunk) + 99}")).Cache);
        Assert.Equal(0, Reader.Fills!.Mismatches);
        Assert.Equal(bytes[Chunk..(2 * Chunk)], (await ReadAsync("key", $"bytes={Chunk}-{(2 * Chunk) - 1}")).Bytes);
        await QuietAsync();
        Assert.Equal(isRight ? 0 : 1, Reader.Fills!.Mismatches);
        await ReopenAsync();
        Assert.Equal(isRight ? "HIT" : "MISS", Origin(await ReadAsync("key", "bytes=0-6")).Cache);
        await QuietAsync();
    }

    private static (string Name, string Value)[] Enabled => [("x-amz-checksum-mode", "ENABLED")];

    private static string Checksum(CollectedResponse response) => response.Headers["x-amz-checksum-crc32"].ToString();

    private static (string Layer, string Cache, string Age) Origin(CollectedResponse response) =>
        (response.Headers["x-s3overlay-layer"].ToString(), response.Headers["x-cache"].ToString(), response.Headers.Age.ToString());

    private static bool IsOfTheObject(KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues> header) =>
        header.Key is not ("x-cache" or "x-s3overlay-layer" or "Age");
}
