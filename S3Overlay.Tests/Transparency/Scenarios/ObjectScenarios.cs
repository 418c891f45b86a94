using System.Globalization;
using System.Text;

using S3Overlay.Tests.Contract;

namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Objects, what they are called and what is said about them.</summary>
internal static class ObjectScenarios
{
    public static async Task ObjectsAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("HEAD", "/BUCKET/k");
        await s.SendAsync("PUT", "/BUCKET/k", "other value");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("PUT", "/BUCKET/empty", "");
        await s.SendAsync("GET", "/BUCKET/empty");
        await s.SendAsync("HEAD", "/BUCKET/empty");
        await s.SendAsync("GET", "/BUCKET/absent");
        await s.SendAsync("HEAD", "/BUCKET/absent");
        await s.SendAsync("DELETE", "/BUCKET/k");
        await s.SendAsync("DELETE", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("GET", "/no-such-bucket-here/k");
        await s.SendAsync("HEAD", "/no-such-bucket-here/k");
        await s.SendAsync("PUT", "/no-such-bucket-here/k", "value");
        await s.SendAsync("DELETE", "/no-such-bucket-here/k");
        await s.SendAsync(Depth.All, "PUT", "/BUCKET/large", new byte[300_000]);
        await s.SendAsync("HEAD", "/BUCKET/large");
        await s.SendAsync(Depth.All, "GET", "/BUCKET/large", null);
        await s.SendAsync("GET", "/BUCKET/large?torrent");
        await s.SendAsync("GET", "/BUCKET/large?attributes", null, ("x-amz-object-attributes", "ETag,ObjectSize"));
        await s.SendAsync("POST", "/BUCKET/large?restore", "<RestoreRequest><Days>1</Days></RestoreRequest>");
        await s.SendAsync("POST", "/BUCKET/large?select&select-type=2", "<SelectObjectContentRequest/>");
    }

    public static async Task HeadersAsync(Side s)
    {
        (string, string)[][] sets =
        [
            [("Content-Type", "text/x-test; charset=utf-8")],
            [("Content-Type", "nonsense")],
            [("Content-Type", "")],
            [("Cache-Control", "max-age=60, public"), ("Content-Disposition", "attachment; filename=\"a b.txt\"")],
            [("Content-Encoding", "gzip"), ("Content-Language", "de, en"), ("Expires", "Thu, 01 Dec 2033 16:00:00 GMT")],
            [("Content-Encoding", "nonsense, br")],
            [("Expires", "nonsense")],
            [("Cache-Control", "")],
            [("x-amz-meta-one", "1"), ("x-amz-meta-two", "2 words"), ("X-Amz-Meta-MixedCase", "Kept?")],
            [("x-amz-meta-umlaut", Latin1("jörg ü"))],
            [("x-amz-meta-empty", "")],
            [("x-amz-meta-quoted", "=?UTF-8?Q?j=C3=B6rg?=")],
            [("x-amz-meta-long", new string('x', 1500))],
            [("x-amz-meta-big", new string('x', 3000))],
            [("x-amz-storage-class", "STANDARD")],
            [("x-amz-storage-class", "STANDARD_IA")],
            [("x-amz-storage-class", "NONSENSE")],
            [("x-amz-website-redirect-location", "/other")],
            [("x-amz-acl", "public-read")],
            [("x-amz-acl", "nonsense")],
            [("x-amz-grant-read", "id=\"nobody\"")],
            [("x-amz-tagging", "a=1&b=2%203")],
            [("x-amz-tagging", "a=1&a=2")],
            [("x-amz-expected-bucket-owner", "123456789012")],
            [("x-amz-request-payer", "requester")],
            [("x-amz-unknown-header", "1")],
            [("X-Unknown-Header", "1"), ("User-Agent", "test/1.0"), ("Accept-Encoding", "gzip, br"), ("Accept", "*/*"),
                ("Accept-Language", "de")],
            [("If-None-Match", "*")],
            [("If-Match", "\"00000000000000000000000000000000\"")],
        ];
        for (var i = 0; i < sets.Length; i++)
        {
            var target = string.Create(CultureInfo.InvariantCulture, $"/BUCKET/k{i}");
            await s.SendAsync("PUT", target, "value", sets[i]);
            await s.SendAsync("GET", target);
            await s.SendAsync("HEAD", target);
        }

        await s.SendAsync("GET", "/BUCKET/k4", null, ("Accept-Encoding", "gzip"));
    }

    /// <summary>Headers on several lines, which SDKs send, and older stores do not join.</summary>
    public static async Task LinesAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("x-amz-meta-lines", "value-1"), ("x-amz-meta-lines", "value-2"),
            ("x-amz-meta-lines", "value 3, with more"));
        await s.SendAsync("HEAD", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k?attributes", null, ("x-amz-object-attributes", "ETag"),
            ("x-amz-object-attributes", "ObjectSize"));
        await s.SendAsync("PUT", "/BUCKET/unsigned", "value", ("Cache-Control", "no-cache"), ("Cache-Control", "max-age=60"));
        await s.SendAsync("HEAD", "/BUCKET/unsigned");
    }

    public static async Task KeysAsync(Side s)
    {
        foreach (var key in AwkwardKeys.All)
        {
            var target = "/BUCKET/" + Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal);
            await s.SendAsync("PUT", target, "value of " + key);
            await s.SendAsync("GET", target);
            await s.SendAsync("HEAD", target);
        }

        await s.SendAsync("PUT", "/BUCKET//leading", "value");
        await s.SendAsync("GET", "/BUCKET//leading");
        await s.SendAsync("GET", "/BUCKET/leading");
        await s.SendAsync("GET", "/BUCKET/a!b'c(d)e*f");
        await s.SendAsync("PUT", "/BUCKET/" + new string('k', 1025), "value");
        await s.SendAsync("GET", "/BUCKET/" + new string('k', 1025));
        await s.SendAsync("GET", "/BUCKET?encoding-type=url");
        await s.SendAsync("GET", "/BUCKET?list-type=2&encoding-type=url");
        await s.SendAsync("DELETE", "/BUCKET/a%2Fb");
        await s.SendAsync("DELETE", "/BUCKET/../up");
    }

    public static async Task ChecksumsAsync(Side s)
    {
        (string, string)[] headers =
        [
            ("Content-MD5", "IGPBYI1uC6+AJJxC4r5YBA=="),
            ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("Content-MD5", "nonsense"),
            ("x-amz-content-sha256", "cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619"),
            ("x-amz-content-sha256", new string('0', 64)),
        ];
        foreach (var header in headers)
        {
            // A digest that does not fit is the front door's to refuse, before the store has the body.
            await s.SendAsync(Depth.All, "PUT", "/BUCKET/k", "value"u8.ToArray(), header);
        }

        await s.SendAsync("GET", "/BUCKET/k", null, ("x-amz-checksum-mode", "ENABLED"));
        await s.SendAsync("HEAD", "/BUCKET/k", null, ("x-amz-checksum-mode", "ENABLED"));

        // Last: a store without checks accepts the object.
        foreach (var size in (int[])[10, 100_000])
        {
            await s.SendAsync(Depth.All, "PUT", "/BUCKET/k", new byte[size], ("x-amz-checksum-crc32", "nonsense"),
                ("x-amz-sdk-checksum-algorithm", "CRC32"));
        }
    }

    private static string Latin1(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
