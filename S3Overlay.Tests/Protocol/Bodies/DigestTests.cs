using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Bodies;

[Trait("Rule", "W7")]
public sealed class DigestTests : BodyTestBase
{
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes("The bytes of a body");

    /// <summary>A signature that covers the payload replaces no other check.</summary>
    private static readonly PayloadPlan[] Plans =
        [PayloadPlan.Unsigned, new(PayloadFraming.Plain, Sha256: Convert.ToHexString(SHA256.HashData(Bytes)))];

    [Fact]
    public async Task EveryPromiseThatIsKeptIsAccepted()
    {
        foreach (var algorithm in ChecksumNames.All)
        {
            var checksum = ChecksumHasher.Compute(algorithm, Bytes);
            var body = Plain(
                new PayloadPlan(PayloadFraming.Plain, Sha256: Convert.ToHexString(SHA256.HashData(Bytes))),
                ("Content-MD5", Convert.ToBase64String(MD5.HashData(Bytes))),
                (ChecksumNames.Header(algorithm), checksum.Value),
                ("x-amz-sdk-checksum-algorithm", ChecksumNames.Name(algorithm)));

            Assert.Equal(Bytes.Length, body.Length);
            Assert.Equal(Bytes, await ReadAll(body, bufferSize: 7));
            Assert.Equal(checksum, body.Checksum);
        }
    }

    [Fact]
    public async Task AWrongPayloadHashIsRefused()
    {
        var failure = await Failure(Plain(new PayloadPlan(PayloadFraming.Plain, Sha256: SigV4.EmptyPayload)));

        Assert.Equal("XAmzContentSHA256Mismatch", failure.Error.Code);
        Assert.Contains(new("ClientComputedContentSHA256", SigV4.EmptyPayload), failure.Details);
        Assert.Contains(new("S3ComputedContentSHA256", Convert.ToHexStringLower(SHA256.HashData(Bytes))), failure.Details);
    }

    [Fact]
    public async Task AWrongMd5IsABadDigestAndAMalformedOneInvalid()
    {
        foreach (var plan in Plans)
        {
            var failure = await Failure(Plain(plan, ("Content-MD5", Convert.ToBase64String(new byte[16]))));
            Assert.Equal("BadDigest", failure.Error.Code);
            Assert.Contains(new("CalculatedDigest", Convert.ToBase64String(MD5.HashData(Bytes))), failure.Details);
        }

        foreach (var malformed in new[] { "x", "AAAA", "not base64 at all!!!!!!!" })
        {
            Assert.Equal(
                "InvalidDigest", Assert.Throws<S3Exception>(() => Plain(PayloadPlan.Unsigned, ("Content-MD5", malformed))).Error.Code);
        }
    }

    [Fact]
    public async Task AWrongChecksumIsABadDigestByName()
    {
        foreach (var (algorithm, plan) in ChecksumNames.All.SelectMany(static algorithm => Plans.Select(plan => (algorithm, plan))))
        {
            var wrong = Convert.ToBase64String(new byte[ChecksumNames.Size(algorithm)]);
            var failure = await Failure(Plain(plan, (ChecksumNames.Header(algorithm), wrong)));

            Assert.Equal("BadDigest", failure.Error.Code);
            Assert.Equal($"The {ChecksumNames.Name(algorithm)} you specified did not match the calculated checksum.", failure.Message);
        }
    }

    [Fact]
    public void AMalformedChecksumIsRefusedBeforeAByteIsRead() =>
        Assert.Equal(
            "Value for x-amz-checksum-crc32 header is invalid.",
            Assert.Throws<S3Exception>(() => Plain(PayloadPlan.Unsigned, ("x-amz-checksum-crc32", "AAAAAAAAAAA="))).Message);

    [Fact]
    public void SeveralChecksumsAreRefused()
    {
        (string, string)[] both = [("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")];

        Assert.Equal("InvalidRequest", Assert.Throws<S3Exception>(() => Plain(PayloadPlan.Unsigned, both)).Error.Code);
    }

    [Fact]
    public void ATrailerThatCannotComeIsRefused() =>
        Assert.Equal(
            "MalformedTrailerError",
            Assert.Throws<S3Exception>(() => Plain(PayloadPlan.Unsigned, ("x-amz-trailer", "x-amz-checksum-crc32"))).Error.Code);

    /// <summary>
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: BadDigest if the checksum is not of the algorithm that the
    /// SDK names.
    /// </summary>
    [Theory]
    [InlineData("AAAAAA==", "SHA256", "BadDigest")]
    [InlineData("nonsense", "CRC32", "BadDigest")]
    [InlineData("nonsense", null, "InvalidRequest")]
    [InlineData("AAAAAA==", "ROT13", "InvalidRequest")]
    public void AnotherAlgorithmThanTheOneSaidIsRefused(string value, string? said, string code) =>
        Assert.Equal(
            code,
            Assert.Throws<S3Exception>(
                () => Plain(PayloadPlan.Unsigned, said is null ? [("x-amz-checksum-crc32", value)]
                    : [("x-amz-checksum-crc32", value), ("x-amz-sdk-checksum-algorithm", said)])).Error.Code);

    [Fact]
    public async Task TheChecksumOfACompleteMultipartUploadIsNotOfItsBody()
    {
        var headers = Headers(("x-amz-checksum-crc32", "AAAAAA=="));
        var body = RequestBodies.Create(
            new SlicedStream(Bytes, _ => 5), true, Bytes.Length, headers, PayloadPlan.Unsigned, S3Operation.CompleteMultipartUpload);

        Assert.Equal(Bytes, await ReadAll(body));
    }

    [Fact]
    public async Task ABodyThatEndsEarlyIsIncomplete()
    {
        var body = RequestBodies.Create(new SlicedStream(Bytes, _ => 5), true, Bytes.Length + 1, Headers(), PayloadPlan.Unsigned);

        Assert.Equal("IncompleteBody", (await Failure(body)).Error.Code);
    }

    [Fact]
    public async Task NoMoreThanTheContentLengthIsRead() =>
        Assert.Equal(
            Bytes[..5], await ReadAll(RequestBodies.Create(new SlicedStream(Bytes, _ => 99), true, 5, Headers(), PayloadPlan.Unsigned)));

    [Fact]
    public async Task AClientThatBreaksOffIsNoFailureOfTheServer()
    {
        foreach (var (failure, code) in new (Exception, string)[]
        {
            (new BadHttpRequestException("Unexpected end of request content."), "IncompleteBody"),
            (new BadHttpRequestException("Too slow.", StatusCodes.Status408RequestTimeout), "RequestTimeout"),
            (new ConnectionResetException("reset"), "IncompleteBody"),
        })
        {
            var body = RequestBodies.Create(new SlicedStream(Bytes, _ => 5, failure), true, 100, Headers(), PayloadPlan.Unsigned);
            Assert.Equal(code, (await Failure(body)).Error.Code);
        }
    }

    [Fact]
    public async Task ACancelledReadDoesNotComeBackAsTheEnd()
    {
        var body = Plain(PayloadPlan.Unsigned);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await body.ReadAsync(new byte[8], new CancellationToken(true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await body.ReadAsync(new byte[8], CancellationToken.None));
    }

    [Fact]
    public async Task ABufferWithoutRoomDoesNotReadAsTheEnd() =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await Plain(PayloadPlan.Unsigned)
            .ReadAsync(Memory<byte>.Empty, CancellationToken.None));

    [Fact]
    public void ARequestWithoutABodyHasTheEmptyOne()
    {
        var plan = new PayloadPlan(PayloadFraming.Plain, Sha256: SigV4.EmptyPayload);

        Assert.Same(S3Body.Empty, RequestBodies.Create(Stream.Null, false, null, Headers(), plan));
        Assert.Same(S3Body.Empty, RequestBodies.Create(Stream.Null, true, 0, Headers(), PayloadPlan.Unsigned));
    }

    /// <summary>Over HTTP/2 neither length nor framing is in the headers.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(SigV4.EmptyPayload)]
    public void ABodyOfUnknownLengthIsRefused(string? hash)
    {
        var plan = new PayloadPlan(PayloadFraming.Plain, Sha256: hash);
        var failure = Assert.Throws<S3Exception>(
            () => RequestBodies.Create(new SlicedStream(Bytes, _ => 5), true, null, Headers(), plan, S3Operation.PutObject));
        Assert.Equal((411, "MissingContentLength"), (failure.Error.Status, failure.Error.Code));
    }

    [Fact]
    public async Task AFormOfUnknownLengthIsReadToItsEnd()
    {
        var body = RequestBodies.Create(new SlicedStream(Bytes, _ => 5), true, null, Headers(), PayloadPlan.Unsigned,
            S3Operation.PostObject);

        Assert.Null(body.Length);
        Assert.Equal(Bytes, await ReadAll(body));
    }

    [Fact]
    public async Task PromisesAboutAnEmptyBodyAreCheckedToo()
    {
        var plan = new PayloadPlan(PayloadFraming.Plain, Sha256: new string('0', 64));

        Assert.Equal("XAmzContentSHA256Mismatch", (await Failure(RequestBodies.Create(Stream.Null, true, 0, Headers(), plan))).Error.Code);
    }

    private static S3Body Plain(PayloadPlan plan, params (string Name, string Value)[] headers) =>
        RequestBodies.Create(new SlicedStream(Bytes, _ => 5), true, Bytes.Length, Headers(headers), plan);
}
