using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Checksums that not every SDK sends: MD5 and SHA-512, which are verified here, and the XXHash family, which is whoever's that keeps the body.</summary>
[Trait("Rule", "W7")]
public sealed class FurtherChecksumTests
{
    /// <summary>Algorithm, size, and what the store does with trailers.</summary>
    public static TheoryData<string, int, string> Uploads
    {
        get
        {
            var rows = new TheoryData<string, int, string>();
            foreach (var algorithm in (string[])["md5", "sha512"])
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
        var sum = Convert.ToBase64String(algorithm == "md5" ? MD5.HashData(body) : SHA512.HashData(body));
        foreach (var isTrailer in (bool[])[true, false])
        {
            var put = isTrailer ? await SendFramedAsync(proxy, body, header, sum) : await proxy.Http.SendAsync("PUT", "/bucket/k", body, (header, sum));
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
        var wrong = Convert.ToBase64String(new byte[algorithm == "md5" ? 16 : 64]);
        Assert.Equal("BadDigest", (await SendFramedAsync(proxy, body, header, wrong)).Code);
        Assert.Equal("BadDigest", (await proxy.Http.SendAsync("PUT", "/bucket/k", body, (header, wrong))).Code);
        Assert.Equal("InvalidRequest", (await SendFramedAsync(proxy, body, header, "AAAAAA==")).Code);
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    /// <summary>What is not computed here is the store's to verify: so it must come to know of it.</summary>
    [Theory]
    [InlineData("xxhash64", 8, 10, true, true)]
    [InlineData("xxhash64", 8, 100_000, true, true)]
    [InlineData("xxhash3", 8, 10, false, false)]
    [InlineData("xxhash3", 8, 100_000, false, true)]
    [InlineData("xxhash128", 16, 10, true, true)]
    [InlineData("xxhash128", 16, 100_000, true, false)]
    [InlineData("xxhash128", 16, 100_000, false, false)]
    public async Task One_that_is_not_computed_here_goes_on_to_the_store(string algorithm, int length, int size, bool takesTrailers, bool checks)
    {
        await using var store = await StoreServer.StartAsync();
        store.Refuse = request => !takesTrailers && request.Headers.ContainsKey("x-amz-trailer") ? 400
            : !checks && request.Headers["x-amz-checksum-crc32"].ToString() is "AAAAAA==" or "none" ? 200
            : null;
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        var (body, header, sum) = (Body(size), $"x-amz-checksum-{algorithm}", Convert.ToBase64String(Body(length)));
        var (seen, named, came) = ("", "", Array.Empty<byte>());
        store.Take = context => context.Request.Method != "PUT" ? null : TakeAsync(context);
        Assert.Equal(200, (await SendFramedAsync(proxy, body, header, sum)).Status);
        Assert.Equal(algorithm.ToUpperInvariant(), named);
        if (size <= 64 << 10 || !takesTrailers)
        {
            Assert.Equal((sum, size), (seen, came.Length));
        }
        else
        {
            Assert.EndsWith($"\r\n0\r\n{header}:{sum}\r\n\r\n", Encoding.Latin1.GetString(came), StringComparison.Ordinal);
        }

        async Task TakeAsync(Microsoft.AspNetCore.Http.HttpContext context)
        {
            (seen, named) = (context.Request.Headers[header].ToString(), context.Request.Headers["x-amz-sdk-checksum-algorithm"].ToString());
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes);
            came = bytes.ToArray();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_built_in_store_refuses_what_it_cannot_verify(bool isTrailer)
    {
        await using var proxy = await OverlayHost.StartAsync(null, null);
        await proxy.SendAsync("PUT", "/bucket");
        var put = isTrailer
            ? await SendFramedAsync(proxy, Body(10), "x-amz-checksum-xxhash3", "AAAAAAAAAAA=")
            : await proxy.Http.SendAsync("PUT", "/bucket/k", Body(10), ("x-amz-checksum-xxhash3", "AAAAAAAAAAA="));
        Assert.Equal((501, "NotImplemented"), (put.Status, put.Code));
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/k")).Status);
    }

    [Theory]
    [InlineData("XXHASH64", 501, "NotImplemented")]
    [InlineData("nonsense", 400, "InvalidRequest")]
    public async Task The_built_in_store_refuses_what_it_is_to_compute_and_cannot(string algorithm, int status, string code)
    {
        await using var proxy = await OverlayHost.StartAsync(null, null);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value");
        var upload = await proxy.SendAsync("POST", "/bucket/upload?uploads", null, ("x-amz-checksum-algorithm", algorithm));
        Assert.Equal((status, code), (upload.Status, upload.Code));
        var copy = await proxy.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/k"), ("x-amz-checksum-algorithm", algorithm));
        Assert.Equal((status, code), (copy.Status, copy.Code));
        Assert.Equal(404, (await proxy.SendAsync("GET", "/bucket/copy")).Status);
    }

    private static byte[] Body(int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        return body;
    }

    private static Task<RawAnswer> SendFramedAsync(OverlayHost proxy, byte[] body, string name, string value) => proxy.Http.SendAsync(
        "PUT",
        "/bucket/k",
        [
            .. Encoding.ASCII.GetBytes(body.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n")), .. body,
            .. Encoding.ASCII.GetBytes((body.Length == 0 ? "" : "\r\n") + $"0\r\n{name}:{value}\r\n\r\n"),
        ],
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-trailer", name),
        ("x-amz-decoded-content-length", body.Length.ToString(CultureInfo.InvariantCulture)),
        ("Content-Encoding", "aws-chunked"));
}
