using System.Globalization;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>Bodies that break their client's promises never become objects of the store (rule W7).</summary>
public sealed class WrongBodyTests
{
    private static readonly int[] Sizes = [10, 70_000, 1_000_000];

    private static readonly string[] Wrongs = ["md5", "sha256", "crc32", "trailer", "short", "chunk", "decoded length"];

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var wrong in Wrongs)
            {
                cases.Add(wrong, true);
                cases.Add(wrong, false);
            }

            return cases;
        }
    }

    [Theory, Trait("Rule", "W7")]
    [MemberData(nameof(Cases))]
    public async Task A_wrong_body_becomes_no_object_and_leaves_the_one_before(string wrong, bool hasRemote)
    {
        await using var scene = await StoreScene.StartAsync(hasRemote);
        await StoreRequests.PrepareAsync(scene);
        foreach (var size in Sizes)
        {
            foreach (var key in (string[])["fresh", "doomed"])
            {
                var response = await SendAsync(scene.Proxy, $"/bucket/{key}", wrong, size);
                Assert.True(response.Status is 400 or 403 or 0, $"{size}: {response.Status} {response.Text}");
                var stored = await scene.AskStoreAsync("GET", $"/bucket/{key}");
                Assert.Equal(key == "fresh" ? 404 : 200, stored.Status);
                Assert.True(key == "fresh" || stored.Text == "v");
                Assert.Equal(key == "fresh" ? 404 : 200, (await scene.SendAsync("GET", $"/bucket/{key}")).Status);
            }

            // A PUT that was given up takes its connection along; the next one is as good as ever.
            Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/next", new string('x', size))).Status);
        }
    }

    [Theory, Trait("Rule", "W7")]
    [InlineData("md5")]
    [InlineData("trailer")]
    [InlineData("short")]
    public async Task A_wrong_body_becomes_no_part(string wrong)
    {
        await using var scene = await StoreScene.StartAsync();
        await StoreRequests.PrepareAsync(scene);
        var upload = (await scene.SendAsync("POST", "/bucket/up?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        foreach (var size in Sizes)
        {
            var response = await SendAsync(scene.Proxy, $"/bucket/up?partNumber=1&uploadId={upload}", wrong, size);
            Assert.True(response.Status is 400 or 403 or 0, $"{size}: {response.Status} {response.Text}");
            Assert.DoesNotContain("<Part>", (await scene.AskStoreAsync("GET", $"/bucket/up?uploadId={upload}")).Text);
        }
    }

    private static Task<RawResponse> SendAsync(OverlayHost proxy, string target, string wrong, int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        var other = "other bytes"u8.ToArray();
        return wrong switch
        {
            "md5" => proxy.Http
                .SendAsync("PUT", target, body, ("Content-MD5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(other)))),
            "sha256" => proxy.Http.SendAsync("PUT", target, body,
                ("x-amz-content-sha256", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(other)))),
            "crc32" => proxy.Http.SendAsync("PUT", target, body, ("x-amz-checksum-crc32", "AAAAAA==")),
            "trailer" => FramedAsync(proxy, target, Framed(body, "x-amz-checksum-crc32:AAAAAA==\r\n"), size),
            "chunk" => FramedAsync(proxy, target, Framed(body, "")[..^8], size),
            "decoded length" => FramedAsync(proxy, target, Framed(body, "x-amz-checksum-crc32:AAAAAA==\r\n"), size + 1),
            "short" => new SignedHttp(proxy.Endpoint) { Clock = proxy.Http.Clock, ClosesSending = true }.SendAsync(
                "PUT", target, body, ("Content-Length", (size + 1).ToString(CultureInfo.InvariantCulture))),
            _ => throw new ArgumentOutOfRangeException(nameof(wrong)),
        };
    }

    private static Task<RawResponse> FramedAsync(OverlayHost proxy, string target, byte[] body, int decoded) => proxy.Http.SendAsync(
        "PUT",
        target,
        body,
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-decoded-content-length", decoded.ToString(CultureInfo.InvariantCulture)));

    private static byte[] Framed(byte[] body, string trailer) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n")), .. body,
            .. Encoding.ASCII.GetBytes("\r\n0\r\n" + trailer + "\r\n")];
}
