using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Protocol.Bodies;

/// <summary>Builds framed bodies as clients do, and reads them back.</summary>
public abstract class BodyTestBase
{
    protected const string Seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

    protected static readonly DateTimeOffset Time = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    private static readonly RequestSigner Signer =
        new(new SigningCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1");

    internal static IHeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var result = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            result.Append(name, value);
        }

        return result;
    }

    internal static ChunkSignatures Chain(string seed = Seed) =>
        new(Signer.KeyAt(Time), "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", seed);

    internal static PayloadPlan SignedPlan(bool hasTrailer = false, string seed = Seed) =>
        new(PayloadFraming.SignedChunks, hasTrailer, Signatures: Chain(seed));

    internal static PayloadPlan UnsignedPlan() => new(PayloadFraming.Chunks, HasTrailer: true);

    /// <summary>A body in chunks of the given sizes, signed if a chain is given.</summary>
    internal static byte[] Frame(byte[] body, IEnumerable<int> sizes, ChunkSignatures? chain,
        (string Name, string Value)[]? trailers = null)
    {
        var framed = new List<byte>();
        var signature = new byte[32];
        var start = 0;
        foreach (var size in sizes.Append(0))
        {
            var chunk = body.AsSpan(start, size);
            start += size;
            framed.AddRange(Encoding.ASCII.GetBytes(size.ToString("x", System.Globalization.CultureInfo.InvariantCulture)));
            if (chain is not null)
            {
                chain.NextChunk(SHA256.HashData(chunk), signature);
                framed.AddRange(Encoding.ASCII.GetBytes(";chunk-signature=" + Convert.ToHexStringLower(signature)));
            }

            framed.AddRange("\r\n"u8);
            if (size > 0)
            {
                framed.AddRange(chunk);
                framed.AddRange("\r\n"u8);
            }
        }

        foreach (var (name, value) in trailers ?? [])
        {
            framed.AddRange(Encoding.ASCII.GetBytes($"{name}:{value}\r\n"));
        }

        if (chain is not null && trailers is not null)
        {
            var canonical = string.Concat(trailers.OrderBy(trailer => trailer.Name, StringComparer.Ordinal)
                .Select(trailer => $"{trailer.Name}:{trailer.Value}\n"));
            chain.Trailer(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)), signature);
            framed.AddRange(Encoding.ASCII.GetBytes($"x-amz-trailer-signature:{Convert.ToHexStringLower(signature)}\r\n"));
        }

        framed.AddRange("\r\n"u8);
        return [.. framed];
    }

    internal static async Task<byte[]> ReadAll(S3Body body, int bufferSize = 8192)
    {
        var all = new List<byte>();
        var buffer = new byte[bufferSize];
        while (await body.ReadAsync(buffer, CancellationToken.None) is var count && count > 0)
        {
            all.AddRange(buffer.AsSpan(0, count));
        }

        return [.. all];
    }

    /// <summary>Reads until an error. Asserts that later reads fail too.</summary>
    internal static async Task<S3Exception> Failure(S3Body body)
    {
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAll(body));
        var again = await Assert.ThrowsAsync<S3Exception>(() => ReadAll(body));
        Assert.Equal(failure.Error, again.Error);
        return failure;
    }
}
