using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Bodies;

[Trait("Rule", "W7")]
public sealed class ChunkedBodyTests : BodyTestBase
{
    private static readonly byte[] Hello = Encoding.ASCII.GetBytes("Hello, chunked world!");

    private static readonly string HelloCrc = ChecksumHasher.Compute(ChecksumAlgorithm.Crc32C, Hello).Value;

    private static readonly byte[] Example = [.. Enumerable.Repeat((byte)'a', 66_560)];

    [Fact]
    public async Task AwsChunkedUploadExampleIsRead()
    {
        var framed = AwsExample(
            "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            "\r\n");
        var plan = SignedPlan(seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");

        Assert.Equal(66_824, framed.Length);
        Assert.Equal(Example, await ReadAll(Body(framed, Example.Length, plan)));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("")]
    public async Task AwsTrailerExampleIsReadWithOrWithoutItsLastLine(string end)
    {
        var framed = AwsExample(
            "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
                + end);
        var body = Body(framed, Example.Length, SignedPlan(hasTrailer: true), ("x-amz-trailer", "x-amz-checksum-crc32c"));

        Assert.Null(body.Checksum);
        Assert.Equal(Example, await ReadAll(body));
        Assert.Equal(new BodyChecksum(ChecksumAlgorithm.Crc32C, "sOO8/Q=="), body.Checksum);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EverySplitOfAFramedBodyReadsTheSame(bool isSigned)
    {
        var framed = Frame(Hello, [5, 1, 15], isSigned ? Chain() : null, [("x-amz-checksum-crc32c", HelloCrc)]);
        var one = new SlicedStream(framed, _ => 1);
        Assert.Equal(Hello, await ReadAll(Signed(one, isSigned), bufferSize: 1));
        for (var cut = 1; cut < framed.Length; cut++)
        {
            var stream = new SlicedStream(framed, position => position < cut ? cut - position : int.MaxValue);
            Assert.Equal(Hello, await ReadAll(Signed(stream, isSigned), bufferSize: 1 + (cut % 9)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ABodyCutOffAnywhereIsIncomplete(bool isSigned)
    {
        var framed = Frame(Hello, [5, 16], isSigned ? Chain() : null, [("x-amz-checksum-crc32c", HelloCrc)]);
        var trailer = Index(framed, "x-amz-checksum");
        for (var cut = 0; cut < framed.Length - "\r\n\r\n".Length; cut++)
        {
            var failure = await Failure(Signed(new SlicedStream(framed[..cut], _ => int.MaxValue), isSigned));
            if (cut < trailer)
            {
                Assert.Equal("IncompleteBody", failure.Error.Code);
            }
            else
            {
                Assert.InRange(failure.Error.Status, 400, 403);
            }
        }
    }

    [Fact]
    public async Task NoByteOfASignedBodyCanBeChanged()
    {
        var framed = Frame(Hello, [5, 16], Chain(), [("x-amz-checksum-crc32c", HelloCrc)]);
        for (var i = 0; i < framed.Length - 4; i++)
        {
            var changed = framed.ToArray();
            changed[i] ^= 1;
            if (char.ToLowerInvariant((char)changed[i]) == char.ToLowerInvariant((char)framed[i]))
            {
                continue;
            }

            var body = Signed(new SlicedStream(changed, _ => int.MaxValue), isSigned: true);
            var failure = await Record.ExceptionAsync(() => ReadAll(body)) as S3Exception;
            Assert.True(failure is not null, $"Byte {i}, {(int)framed[i]:x}, of '{Encoding.ASCII.GetString(framed)}'");
            Assert.InRange(failure.Error.Status, 400, 403);
        }
    }

    [Fact]
    public async Task AChangedByteOfAChunkOrOfItsSignatureIsAWrongSignature()
    {
        var framed = Frame(Hello, [5, 16], Chain());
        const string Last = "\r\n0;chunk-signature=";
        foreach (var index in new[]
        {
            "5;chunk-signature=".Length, Index(framed, "Hello"), Index(framed, "chunked"), Index(framed, Last) + Last.Length,
        })
        {
            var changed = framed.ToArray();
            changed[index] = (byte)(changed[index] == '0' ? '1' : '0');
            Assert.Equal("SignatureDoesNotMatch", (await Failure(Body(changed, Hello.Length, SignedPlan()))).Error.Code);
        }
    }

    [Fact]
    public async Task ChunksCannotChangePlaces()
    {
        var framed = Encoding.Latin1.GetString(Frame(Encoding.ASCII.GetBytes("aaabbb"), [3, 3], Chain()));
        var line = "3;chunk-signature=".Length + 64 + 2;
        var (first, second, rest) = (framed[..(line + 5)], framed[(line + 5)..(2 * (line + 5))], framed[(2 * (line + 5))..]);

        Assert.Equal(
            "SignatureDoesNotMatch", (await Failure(Body(Encoding.Latin1.GetBytes(second + first + rest), 6, SignedPlan()))).Error.Code);
    }

    [Fact]
    public async Task AMissingLastChunkIsIncompleteThoughAllBytesAreThere()
    {
        var framed = Frame(Hello, [21], Chain());
        var last = Index(framed, "\r\n0;chunk-signature") + 2;

        Assert.Equal("IncompleteBody", (await Failure(Body(framed[..last], Hello.Length, SignedPlan()))).Error.Code);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("5\r\nHello\r\n")]
    public async Task NothingMayFollowTheLastChunk(string extra)
    {
        byte[] framed = [.. Frame(Hello, [21], Chain()), .. Encoding.ASCII.GetBytes(extra)];

        Assert.Equal("IncompleteBody", (await Failure(Body(framed, Hello.Length, SignedPlan()))).Error.Code);
    }

    [Theory]
    [InlineData("x-amz-checksum-crc32c:AAAAAA==\r\n\r\n", "BadDigest")]
    [InlineData("x-amz-checksum-crc32c:nonsense\r\n\r\n", "InvalidRequest")]
    [InlineData("\r\n", "MalformedTrailerError")]
    [InlineData("x-amz-checksum-crc32:AAAAAA==\r\n\r\n", "MalformedTrailerError")]
    [InlineData("no colon\r\n\r\n", "MalformedTrailerError")]
    [InlineData("x-amz-checksum-crc32c:AAAAAA==\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n", "MalformedTrailerError")]
    [InlineData("x-amz-checksum-crc32c:AAAAAA==\r\nx-amz-meta-a:b\r\n\r\n", "MalformedTrailerError")]
    public async Task AWrongTrailerIsRefused(string trailer, string code)
    {
        byte[] framed = [.. Frame(Hello, [21], null)[..^2], .. Encoding.ASCII.GetBytes(trailer)];

        Assert.Equal(code, (await Failure(Signed(new SlicedStream(framed, _ => 11), isSigned: false))).Error.Code);
    }

    [Fact]
    public async Task TrailersAsTheMinioClientWritesThemAreRead()
    {
        byte[] framed = [.. Frame(Hello, [21], null)[..^2], .. Encoding.ASCII.GetBytes($"x-amz-checksum-crc32c:{HelloCrc}\n\r\n\r\n")];

        Assert.Equal(Hello, await ReadAll(Signed(new SlicedStream(framed, _ => 11), isSigned: false)));
    }

    [Fact]
    public async Task ASignedTrailerMustBeSignedAndRight()
    {
        var framed = Encoding.Latin1.GetString(Frame(Hello, [21], Chain(), [("x-amz-checksum-crc32c", HelloCrc)]));
        var at = framed.IndexOf("x-amz-trailer-signature:", StringComparison.Ordinal);

        var unsigned = Encoding.Latin1.GetBytes(framed[..at] + "\r\n");
        Assert.Equal("MalformedTrailerError", (await Failure(Signed(new SlicedStream(unsigned, _ => 99), isSigned: true))).Error.Code);

        var wrong = Encoding.Latin1.GetBytes(framed[..at] + "x-amz-trailer-signature:" + Seed + "\r\n\r\n");
        Assert.Equal("SignatureDoesNotMatch", (await Failure(Signed(new SlicedStream(wrong, _ => 99), isSigned: true))).Error.Code);

        var otherValue = Encoding.Latin1.GetBytes(framed.Replace(HelloCrc, "AAAAAA==", StringComparison.Ordinal));
        Assert.Equal("SignatureDoesNotMatch", (await Failure(Signed(new SlicedStream(otherValue, _ => 99), isSigned: true))).Error.Code);
    }

    [Theory]
    [InlineData("g\r\n")]
    [InlineData("\r\n")]
    [InlineData("-5\r\n")]
    [InlineData("5\nHello")]
    [InlineData("5\r\nHelloX\r\n0\r\n\r\n")]
    [InlineData("ffffffffffffffff\r\n")]
    [InlineData("140000001\r\n")]
    public async Task MalformedFramingIsAnIncompleteBody(string framed) =>
        Assert.Equal("IncompleteBody", (await Failure(Body(Encoding.ASCII.GetBytes(framed), 5, UnsignedPlan()))).Error.Code);

    [Fact]
    public async Task AHeaderOfAChunkWithoutEndIsNotReadForEver()
    {
        var stream = new SlicedStream([.. Enumerable.Repeat((byte)'0', 10_000_000)], _ => int.MaxValue);

        Assert.Equal("IncompleteBody", (await Failure(Body(stream, 5, UnsignedPlan()))).Error.Code);
    }

    [Fact]
    public async Task ATrailerWithoutEndIsNotReadForEver()
    {
        byte[] framed = [.. "0\r\n"u8, .. Enumerable.Repeat((byte)'a', 10_000_000)];

        Assert.Equal("MalformedTrailerError", (await Failure(Body(framed, 0, UnsignedPlan()))).Error.Code);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(22)]
    public async Task TheDecodedLengthMustBeTheOnePromised(int promised) =>
        Assert.Equal("IncompleteBody", (await Failure(Body(Frame(Hello, [21], null), promised, UnsignedPlan()))).Error.Code);

    [Theory]
    [InlineData(null)]
    [InlineData("x")]
    [InlineData("-1")]
    public void TheDecodedLengthMustBePromised(string? length)
    {
        var headers = length is null ? Headers() : Headers(("x-amz-decoded-content-length", length));

        var failure = Assert.Throws<S3Exception>(() => RequestBodies.Create(Stream.Null, true, 100, headers, UnsignedPlan()));

        Assert.Equal(411, failure.Error.Status);
    }

    [Fact]
    public async Task AnUnsignedChunkInASignedBodyIsRefused() =>
        Assert.Equal("IncompleteBody", (await Failure(Body(Frame(Hello, [21], null), Hello.Length, SignedPlan()))).Error.Code);

    [Fact]
    public async Task ChunkSignaturesAreTakenOffUncheckedWhereNothingIsChecked()
    {
        var framed = Frame(Hello, [5, 16], Chain(), [("x-amz-checksum-crc32c", HelloCrc)]);
        var plan = new PayloadPlan(PayloadFraming.SignedChunks, HasTrailer: true);

        Assert.Equal(Hello, await ReadAll(Body(framed, Hello.Length, plan, ("x-amz-trailer", "x-amz-checksum-crc32c"))));
    }

    [Fact]
    public async Task AnEmptyBodyInChunksIsEmpty()
    {
        var body = Body(Frame([], [], Chain()), 0, SignedPlan());

        Assert.Equal(0, body.Length);
        Assert.Empty(await ReadAll(body));
    }

    [Fact]
    public async Task LargeReadsGoStraightIntoTheReadersBuffer()
    {
        var stream = new SlicedStream(Frame(Example, [66_560], Chain()), _ => int.MaxValue);

        Assert.Equal(Example, await ReadAll(Body(stream, Example.Length, SignedPlan()), bufferSize: 65_536));
        Assert.Equal(65_536, stream.LargestRequest);
    }

    private static int Index(byte[] framed, string text) => framed.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));

    private static byte[] AwsExample(string first, string second, string last, string trailer) =>
    [
        .. Encoding.ASCII.GetBytes(first + "\r\n"),
        .. Example.AsSpan(0, 65_536),
        .. Encoding.ASCII.GetBytes("\r\n" + second + "\r\n"),
        .. Example.AsSpan(65_536),
        .. Encoding.ASCII.GetBytes("\r\n" + last + "\r\n" + trailer),
    ];

    private static S3Body Signed(SlicedStream stream, bool isSigned) =>
        Body(stream, Hello.Length, isSigned ? SignedPlan(hasTrailer: true) : UnsignedPlan(), ("x-amz-trailer", "x-amz-checksum-crc32c"));

    private static S3Body Body(byte[] framed, int length, PayloadPlan plan, params (string Name, string Value)[] headers) =>
        Body(new SlicedStream(framed, _ => int.MaxValue), length, plan, headers);

    private static S3Body Body(SlicedStream stream, int length, PayloadPlan plan, params (string Name, string Value)[] headers)
    {
        IHeaderDictionary all =
            Headers([.. headers, ("x-amz-decoded-content-length", length.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
        return RequestBodies.Create(stream, hasBody: true, contentLength: 1, all, plan);
    }
}
