using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>A client's checksum reaches the store in a form that it accepts. The framing does not.</summary>
[Trait("Rule", "W7")]
[Trait("Rule", "T1")]
public sealed class RelayedChecksumTests
{
    private static readonly int[] Sizes = [0, 10, 64 << 10, (64 << 10) + 1, 1_000_000];

    public static TheoryData<string, bool> Habits
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (var habit in ChecksumHabits.All)
            {
                rows.Add(habit, false);
                rows.Add(habit, true);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Habits))]
    public async Task A_checksum_behind_the_body_is_kept_with_the_object_and_no_framing(string habit, bool waits)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, habit);
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        foreach (var size in Sizes)
        {
            foreach (var (encoding, shown) in new[] { ("aws-chunked", null), ("gzip,aws-chunked", "gzip") })
            {
                var body = Body(size);
                var put = await SendFramedAsync(proxy, "/bucket/k", body,
                    [("Content-Encoding", encoding), .. waits ? new[] { ("Expect", "100-continue") } : []]);
                Assert.True(put.Status == 200, $"{size}: {put.Status} {put.Text}");

                var read = await proxy.SendAsync("GET", "/bucket/k", null, ("x-amz-checksum-mode", "ENABLED"));
                Assert.Equal(body, read.Body);
                Assert.Equal((size, Sum(body)), (size, read.Headers.GetValueOrDefault("x-amz-checksum-crc32")));
                Assert.Equal((size, shown), (size, read.Headers.GetValueOrDefault("Content-Encoding")));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Habits))]
    public async Task A_checksum_behind_a_part_is_kept_with_the_part(string habit, bool waits)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, habit);
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var upload = (await proxy.SendAsync("POST", "/bucket/up?uploads", null, ("x-amz-checksum-algorithm", "CRC32"))).Text
            .Split("<UploadId>")[1].Split('<')[0];
        foreach (var size in Sizes)
        {
            var body = Body(size);
            var part = await SendFramedAsync(
                proxy, $"/bucket/up?partNumber=1&uploadId={upload}", body,
                [("Content-Encoding", "aws-chunked"), .. waits ? new[] { ("Expect", "100-continue") } : []]);
            Assert.True(part.Status == 200, $"{size}: {part.Status} {part.Text}");
            Assert.Contains($"<ChecksumCRC32>{Sum(body)}</ChecksumCRC32>",
                (await proxy.SendAsync("GET", $"/bucket/up?uploadId={upload}")).Text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// The source of a copy has no client checksum. It is computed while the remote's bytes pass, and the PUT or upload to the store names
    /// the algorithm.
    /// </summary>
    [Theory]
    [InlineData(ChecksumHabits.Good)]
    [InlineData(ChecksumHabits.NoTrailers)]
    [InlineData(ChecksumHabits.NeedsAlgorithm)]
    [Trait("Rule", "W4")]
    public async Task The_checksum_of_a_copy_from_the_remote_is_kept(string habit)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, habit);
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        var upload = (await proxy.SendAsync("POST", "/bucket/up?uploads", null, ("x-amz-checksum-algorithm", "CRC32"))).Text
            .Split("<UploadId>")[1].Split('<')[0];
        foreach (var size in (int[])[10, 100_000])
        {
            var body = Body(size);
            remote.Put("bucket", $"remote-{size}", body);
            (string, string) source = ("x-amz-copy-source", $"/bucket/remote-{size}");
            var part = await proxy.SendAsync("PUT", $"/bucket/up?partNumber=1&uploadId={upload}", null, source);
            Assert.True(part.Status == 200, $"{size}: {part.Status} {part.Text}");
            Assert.Contains($"<ChecksumCRC32>{Sum(body)}</ChecksumCRC32>",
                (await proxy.SendAsync("GET", $"/bucket/up?uploadId={upload}")).Text, StringComparison.Ordinal);

            var copy = await proxy.SendAsync("PUT", "/bucket/copy", null, source, ("x-amz-checksum-algorithm", "CRC32"));
            Assert.True(copy.Status == 200, $"{size}: {copy.Status} {copy.Text}");
            var read = await proxy.SendAsync("GET", "/bucket/copy", null, ("x-amz-checksum-mode", "ENABLED"));
            Assert.Equal(body, read.Body);
            Assert.Equal(Sum(body), read.Headers.GetValueOrDefault("x-amz-checksum-crc32"));
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    public async Task Which_algorithm_it_is_goes_along_with_a_header_and_as_the_client_had_it(int size)
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var seen = new List<string>();
        store.Alter = request =>
        {
            if (request.Method == "PUT")
            {
                lock (seen)
                {
                    seen.Add(request.Headers["x-amz-sdk-checksum-algorithm"].ToString());
                }
            }
        };
        var body = Body(size);
        await proxy.Http.SendAsync("PUT", "/bucket/k", body, ("x-amz-checksum-crc32", Sum(body)),
            ("x-amz-sdk-checksum-algorithm", "crc32"));
        await proxy.Http.SendAsync("PUT", "/bucket/k", body, ("x-amz-checksum-crc32", Sum(body)));
        await SendFramedAsync(proxy, "/bucket/k", body, ("Content-Encoding", "aws-chunked"));
        await SendFramedAsync(proxy, "/bucket/k", body, ("Content-Encoding", "aws-chunked"), ("x-amz-sdk-checksum-algorithm", "crc32"));
        await proxy.Http.SendAsync("PUT", "/bucket/k", body);
        Assert.Equal(["crc32", "", "CRC32", "crc32", ""], seen);
    }

    [Fact]
    public async Task A_store_that_takes_trailers_gets_a_large_body_as_it_comes()
    {
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        Directory.Delete(proxy.Folder["spool"]);
        var trailers = new List<string>();
        store.Alter = request => trailers.Add(request.Headers["x-amz-trailer"].ToString());
        Assert.Equal(200, (await SendFramedAsync(proxy, "/bucket/k", Body(100_000))).Status);
        Assert.Equal(["x-amz-checksum-crc32"], trailers);
        Assert.False(Directory.Exists(proxy.Folder["spool"]), "The body went through a file.");
    }

    /// <summary>
    /// MinIO refuses a part without the checksum that its upload names, whether anybody was let find out what MinIO can do or not.
    /// </summary>
    [Fact]
    public async Task Where_nothing_is_known_of_the_store_checksums_reach_it_all_the_same()
    {
        await using var store = await StoreServer.StartAsync();
        store.Fail = request => request.Path.Value!.StartsWith("/s3overlay-probe", StringComparison.Ordinal)
            ? (403, "AccessDenied")
            : request.Query.ContainsKey("partNumber") && !request.Headers.ContainsKey("x-amz-checksum-crc32") ? (400, "InvalidArgument")
                : null;
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var upload = (await proxy.SendAsync("POST", "/bucket/up?uploads", null, ("x-amz-checksum-algorithm", "CRC32"))).Text
            .Split("<UploadId>")[1].Split('<')[0];
        foreach (var size in Sizes)
        {
            var body = Body(size);
            var part = await SendFramedAsync(proxy, $"/bucket/up?partNumber=1&uploadId={upload}", body);
            Assert.True(part.Status == 200, $"{size}: {part.Status} {part.Text}");
            Assert.Equal(200, (await SendFramedAsync(proxy, "/bucket/k", body)).Status);
            var read = await proxy.SendAsync("GET", "/bucket/k", null, ("x-amz-checksum-mode", "ENABLED"));
            Assert.Equal(Sum(body), read.Headers["x-amz-checksum-crc32"]);
            Assert.Equal(body, read.Body);
        }
    }

    /// <summary>A store that keeps no checksums need not wait for one, and might refuse even its name.</summary>
    [Fact]
    public async Task A_store_that_checks_nothing_gets_the_body_as_it_comes()
    {
        await using var store = await StoreServer.StartAsync(null, ("S3_OVERLAY_AUTH", "none"));
        var names = new List<string>();
        store.Refuse = request => request.Headers.ContainsKey("x-amz-trailer") ? 400 : null;
        store.Alter = request =>
        {
            request.Headers.Remove("x-amz-checksum-crc32");
            if (request.Method == "PUT" && request.Path == "/bucket/k")
            {
                names.AddRange(request.Headers.Keys);
            }
        };
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        Directory.Delete(proxy.Folder["spool"]);
        Assert.Equal(200, (await SendFramedAsync(proxy, "/bucket/k", Body(100_000), ("x-amz-sdk-checksum-algorithm", "CRC32"))).Status);
        Assert.DoesNotContain("x-amz-sdk-checksum-algorithm", names, StringComparer.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(proxy.Folder["spool"]), "The body went through a file.");
        Assert.Equal(Body(100_000), (await proxy.SendAsync("GET", "/bucket/k")).Body);
    }

    private static byte[] Body(int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        return body;
    }

    private static string Sum(byte[] body) => ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, body).Value;

    private static async Task<RawResponse> SendFramedAsync(OverlayHost proxy, string target, byte[] body,
        params (string Name, string Value)[] headers)
    {
        var frames = body.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n");
        var response = await proxy.Http.SendAsync(
            "PUT",
            target,
            [.. Encoding.ASCII.GetBytes(frames), .. body, .. Encoding.ASCII
                .GetBytes((body.Length == 0 ? "" : "\r\n") + $"0\r\nx-amz-checksum-crc32:{Sum(body)}\r\n\r\n")],
            [
                ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                ("x-amz-trailer", "x-amz-checksum-crc32"),
                ("x-amz-decoded-content-length", body.Length.ToString(CultureInfo.InvariantCulture)),
                .. headers,
            ]);
        while (response.Status is >= 100 and < 200)
        {
            response = RawResponse.Parse(response.Body);
        }

        return response;
    }
}
