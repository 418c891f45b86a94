using System.Text;

using S3Overlay.Tests.Contract;

namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Bodies in frames, bodies that wait to be called for, and bad input of every kind.</summary>
internal static class BodyScenarios
{
    public static async Task FramedAsync(Side s)
    {
        await s.SendChunksAsync(Depth.All, "/BUCKET/chunks", [new byte[65536], new byte[100]], "");
        await s.SendAsync("HEAD", "/BUCKET/chunks");
        await s.SendChunksAsync(Depth.All, "/BUCKET/gzip", [new byte[100]], "", ("x-amz-meta-a", "b"));
        await s.SendAsync("HEAD", "/BUCKET/gzip");
        await s.SendChunksAsync(Depth.Code, "/BUCKET/forged", [new byte[65536], new byte[100]], new string('0', 64));
        await s.SendAsync("HEAD", "/BUCKET/forged");
        await s.SendAsync(Depth.All, "PUT", "/BUCKET/unknown-length", "5\r\nvalue\r\n0\r\n\r\n"u8.ToArray(),
            ("Transfer-Encoding", "chunked"));
        await s.SendWithoutLengthAsync("PUT", "/BUCKET/no-length");
        await s.SendAsync(Depth.Code, "PUT", "/BUCKET/wrong-length", "v"u8.ToArray(), ("Content-Length", "nonsense"));
    }

    /// <summary>Trailing checksums, which current SDKs send and older stores reject.</summary>
    public static async Task TrailersAsync(Side s)
    {
        foreach (var size in (int[])[100, 65536, 65537, 300_000])
        {
            await s.SendFramesAsync(Depth.All, $"/BUCKET/trailer-{size}", new byte[size]);
            await s.SendAsync("HEAD", $"/BUCKET/trailer-{size}", null, ("x-amz-checksum-mode", "ENABLED"));
        }
    }

    public static async Task WaitingAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/k", "value", ("Expect", "100-continue"));
        await s.SendAsync(Depth.All, "PUT", "/BUCKET/large", new byte[300_000], ("Expect", "100-continue"));
        await s.SendAsync("HEAD", "/BUCKET/large");
        await s.SendAsync(Depth.All, "PUT", "/no-such-bucket-here/large", new byte[300_000], ("Expect", "100-continue"));

        // A body that follows its refusal must not become the next request's beginning.
        await s.SendAsync("PUT", "/no-such-bucket-here/small", "value", ("Expect", "100-continue"));
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k", null, ("Expect", "nonsense"));
    }

    /// <summary>The table of the contract tests, with the store's responses in place of S3's.</summary>
    public static async Task BadInputAsync(Side s)
    {
        await s.SendAsync("PUT", "/BUCKET/there", "kept");

        // What one side takes and the other refuses must make no difference to what follows.
        await s.SendAsync("PUT", "/BUCKET/k", "body");
        foreach (var row in BadInputTests.Requests)
        {
            var (method, target, body, header) = ((string)row[0], (string)row[1], (string?)row[2], (string)row[3]);
            var colon = header.IndexOf(": ", StringComparison.Ordinal);
            (string, string)[] headers = colon < 0 ? [] : [(header[..colon], header[(colon + 2)..])];

            // A name without a bucket of this side's would be made there in earnest.
            await s.SendAsync(Depth.All, method, target.Replace("new-bucket", "BUCKET-new", StringComparison.Ordinal), body is null ? null
                : Encoding.UTF8.GetBytes(body), headers);
        }
    }
}
