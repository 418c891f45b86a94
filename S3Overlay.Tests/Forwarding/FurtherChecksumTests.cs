using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Checksums that only some SDKs send: MD5, SHA-512 and the XXHash family.</summary>
[Trait("Rule", "W7")]
public sealed class FurtherChecksumTests
{
    /// <summary>Algorithm, size, and what the store does with trailers.</summary>
    public static TheoryData<string, int, string> Uploads
    {
        get
        {
            var rows = new TheoryData<string, int, string>();
            foreach (var algorithm in (string[])["md5", "sha512", "xxhash64", "xxhash3", "xxhash128"])
            {
                foreach (var size in (int[])[0, 10, 100_000])
                {
                    rows.Add(algorithm, size, ChecksumHabits.Good);
                    rows.Add(algorithm, size, ChecksumHabits.NoTrailers);
                    rows.Add(algorithm, size, "built-in");
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Uploads))]
    public async Task One_that_is_known_is_kept_in_whatever_form_it_comes(string algorithm, int size, string local)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, local);
        await using var proxy = await OverlayHost.StartAsync(local == "built-in" ? null : store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var (body, header) = (Body(size), $"x-amz-checksum-{algorithm}");
        var sum = ChecksumHasher.Compute(ChecksumNames.Parse(algorithm), body).Value;
        foreach (var isTrailer in (bool[])[true, false])
        {
            var put = isTrailer ? await SendFramedAsync(proxy, body, header, sum)
                : await proxy.Http.SendAsync("PUT", "/bucket/k", body, (header, sum));
            Assert.True(put.Status == 200, put.Text);
            var read = await proxy.SendAsync("GET", "/bucket/k", null, ("x-amz-checksum-mode", "ENABLED"));
            Assert.Equal(body, read.Body);
            Assert.Equal(sum, read.Headers.GetValueOrDefault(header));
            await proxy.SendAsync("DELETE", "/bucket/k");
        }
    }

    [Theory]
    [MemberData(nameof(Uploads))]
    public async Task A_wrong_one_is_refused_and_nothing_is_kept(string algorithm, int size, string local)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, local);
        await using var proxy = await OverlayHost.StartAsync(local == "built-in" ? null : store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var (body, header) = (Body(size), $"x-amz-checksum-{algorithm}");
        var wrong = Convert.ToBase64String(new byte[ChecksumNames.Size(ChecksumNames.Parse(algorithm))]);
        Assert.Equal("BadDigest", (await SendFramedAsync(proxy, body, header, wrong)).Code);
        Assert.Equal("BadDigest", (await proxy.Http.SendAsync("PUT", "/bucket/k", body, (header, wrong))).Code);
        Assert.Equal("InvalidRequest", (await SendFramedAsync(proxy, body, header, "AAAAAA==")).Code);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    /// <summary>Also if the store has to compute it: in an upload, and for a copy.</summary>
    [Theory]
    [InlineData("XXHASH64")]
    [InlineData("XXHASH3")]
    [InlineData("XXHASH128")]
    [InlineData("SHA512")]
    [InlineData("MD5")]
    public async Task The_built_in_store_computes_it_of_parts_and_copies(string name)
    {
        await using var proxy = await OverlayHost.StartAsync(null, null);
        await proxy.SendAsync("PUT", "/bucket");
        var (algorithm, body) = (ChecksumNames.Parse(name), Body(1000));
        var (header, sum) = (ChecksumNames.Header(algorithm), ChecksumHasher.Compute(algorithm, body).Value);
        var upload = await HttpUpload.StartAsync(proxy.Http, "/bucket/upload", ("x-amz-checksum-algorithm", name));
        var part = await upload.SendAsync(1, body, (header, sum));
        Assert.Equal(sum, part.Headers[header]);
        var completed = await upload.CompleteAsync(HttpUpload.Name(1, part, $"<Checksum{name}>{sum}</Checksum{name}>"));
        Assert.Equal(200, completed.Status);
        var composite = ChecksumHasher.Compute(algorithm, Convert.FromBase64String(sum)).Value + "-1";
        Assert.Equal(
            composite, (await proxy.SendAsync("HEAD", "/bucket/upload", null, ("x-amz-checksum-mode", "ENABLED"))).Headers[header]);

        var copy = await proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/upload"),
            ("x-amz-checksum-algorithm", name));
        Assert.Contains($"<Checksum{name}>{sum}</Checksum{name}>", copy.Text, StringComparison.Ordinal);
        Assert.Equal(sum, (await proxy.SendAsync("HEAD", "/bucket/copy", null, ("x-amz-checksum-mode", "ENABLED"))).Headers[header]);
    }

    /// <summary>The client did not request this checksum. The copy has it if the store supports it.</summary>
    [Theory, Trait("Rule", "W4"), Trait("Rule", "W5")]
    [InlineData(10, ChecksumHabits.Good)]
    [InlineData(10, ChecksumHabits.NoLateKinds)]
    [InlineData(10, ChecksumHabits.NoTrailers)]
    [InlineData(100_000, ChecksumHabits.Good)]
    [InlineData(100_000, ChecksumHabits.NoLateKinds)]
    [InlineData(100_000, ChecksumHabits.NoTrailers)]
    public async Task A_remote_object_that_has_one_is_copied_and_tagged_whether_or_not_the_store_knows_it(int size, string habit)
    {
        await using var store = await StoreServer.StartAsync();
        ChecksumHabits.Play(store, habit);
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        var (body, header) = (Body(size), "x-amz-checksum-xxhash64");
        var sum = ChecksumHasher.Compute(ChecksumAlgorithm.XxHash64, body).Value;
        remote.Put("bucket", "key",
            new ScriptedObject(body, $"\"{Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(body))}\"",
            DateTimeOffset.UtcNow, [(header, sum), ("x-amz-checksum-type", "FULL_OBJECT")]));
        var copy = await proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key"));
        Assert.True(copy.Status == 200, copy.Text);
        var tagged = await proxy.SendAsync("PUT", "/bucket/key?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");
        Assert.True(tagged.Status == 200, tagged.Text);
        foreach (var key in (string[])["copy", "key"])
        {
            var read = await proxy.SendAsync("GET", $"/bucket/{key}", null, ("x-amz-checksum-mode", "ENABLED"));
            Assert.Equal(body, read.Body);
            Assert.Equal(habit == ChecksumHabits.Good ? sum : null, read.Headers.GetValueOrDefault(header));
        }
    }

    [Fact]
    public async Task The_built_in_store_refuses_unknown_algorithms()
    {
        await using var proxy = await OverlayHost.StartAsync(null, null);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value");
        var upload = await proxy.SendAsync("POST", "/bucket/upload?uploads", null, ("x-amz-checksum-algorithm", "nonsense"));
        Assert.Equal((400, "InvalidRequest"), (upload.Status, upload.Code));
        var copy = await proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/k"),
            ("x-amz-checksum-algorithm", "nonsense"));
        Assert.Equal((400, "InvalidRequest"), (copy.Status, copy.Code));
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/copy")).Status);
    }

    private static byte[] Body(int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        return body;
    }

    private static Task<RawResponse> SendFramedAsync(OverlayHost proxy, byte[] body, string name, string value) => proxy.Http.SendAsync(
        "PUT",
        "/bucket/k",
        [
            .. Encoding.ASCII.GetBytes(body.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n")),
            .. body,
            .. Encoding.ASCII.GetBytes((body.Length == 0 ? "" : "\r\n") + $"0\r\n{name}:{value}\r\n\r\n"),
        ],
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-trailer", name),
        ("x-amz-decoded-content-length", body.Length.ToString(CultureInfo.InvariantCulture)),
        ("Content-Encoding", "aws-chunked"));
}
