using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Protocol.Authentication;

[Trait("Rule", "A1")]
public sealed class HeaderAuthenticationTests : AuthenticatorTestBase
{
    private const string Credential = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";

    [Theory]
    [InlineData(", ")]
    [InlineData(",")]
    public void AwsGetObjectExampleIsAccepted(string separator)
    {
        var headers = Headers(
            ("Range", "bytes=0-9"),
            ("x-amz-content-sha256", SigV4.EmptyPayload),
            ("x-amz-date", "20130524T000000Z"),
            ("Authorization", Credential + separator + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date" + separator
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));

        var request = Authenticate("GET", "/test.txt", "", headers);

        Assert.Equal(AccessKey, request.Caller.AccessKey);
        Assert.Equal(SigV4.EmptyPayload, request.Payload.Sha256);
    }

    [Fact]
    public void AwsPutObjectExampleWithADateHeaderIsAccepted()
    {
        var headers = Headers(
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            ("Authorization", Credential + ",SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
                + "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));

        Assert.Equal(AccessKey, Authenticate("PUT", "/test%24file.text", "", headers).Caller.AccessKey);
        Assert.Equal(AccessKey, Authenticate("PUT", "/test$file.text", "", headers).Caller.AccessKey);
    }

    [Theory]
    [InlineData(SigV4.StreamingPayload, "content-encoding;content-length;host", "",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")]
    [InlineData(SigV4.StreamingPayloadTrailer, "content-encoding;host", ";x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")]
    public void AwsExamplesOfBodiesInChunksAreAccepted(string payload, string first, string last, string signature)
    {
        var headers = Headers(
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", payload),
            ("Content-Encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("Content-Length", "66824"),
            ("Authorization",
                $"{Credential},"
                + $"SignedHeaders={first};x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class{last},"
                + $"Signature={signature}"));
        if (last.Length > 0)
        {
            headers["x-amz-trailer"] = "x-amz-checksum-crc32c";
        }

        var request = Authenticate("PUT", "/examplebucket/chunkObject.txt", "", headers, "s3.amazonaws.com");

        Assert.Equal(PayloadFraming.SignedChunks, request.Payload.Framing);
    }

    /// <summary>With an offset, as botocore writes it if its caller gave the request a <c>Date</c>.</summary>
    [Theory]
    [InlineData("Fri, 24 May 2013 00:00:00 GMT")]
    [InlineData("Fri, 24 May 2013 00:00:00 -0000")]
    [InlineData("Fri, 24 May 2013 02:00:00 +0200")]
    public void TheTimeMayComeFromDateAlone(string date)
    {
        var canonical = $"GET\n/k\n\ndate:{date}\nhost:{Host}\n\ndate;host\nUNSIGNED-PAYLOAD";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
        var toSign = $"AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n{hash}";
        var signature = new byte[32];
        Signer.KeyAt(Time).Sign(Encoding.ASCII.GetBytes(toSign), signature);
        var headers = Headers(
            ("Date", date),
            ("x-amz-content-sha256", SigV4.UnsignedPayload),
            ("Authorization", $"{Credential}, SignedHeaders=date;host, Signature={Convert.ToHexStringLower(signature)}"));

        Assert.Equal(AccessKey, Authenticate("GET", "/k", "", headers).Caller.AccessKey);

        headers.Remove("Date");
        Assert.Equal("AWS authentication requires a valid Date or x-amz-date header", Refused("GET", "/k", "", headers).Message);
    }

    [Fact]
    public void ASecondRequestWithTheSameKeyIsCheckedToo()
    {
        var authenticator = new RequestAuthenticator(new Ring(), new AuthenticationSettings(), new Clock());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AccessKey, authenticator.Authenticate("GET", "/k", "", S3Query.Empty, Signed("GET", "/k"), Host).Caller.AccessKey);
            Assert.Equal(
                "SignatureDoesNotMatch",
                Assert.Throws<S3Exception>(
                    () => authenticator.Authenticate("GET", "/other", "", S3Query.Empty, Signed("GET", "/k"), Host)).Error.Code);
        }
    }

    [Theory]
    [InlineData("PUT", "/k", "a=1", Host)]
    [InlineData("GET", "/k2", "a=1", Host)]
    [InlineData("GET", "/k/", "a=1", Host)]
    [InlineData("GET", "/k", "a=2", Host)]
    [InlineData("GET", "/k", "a=1&acl", Host)]
    [InlineData("GET", "/k", "", Host)]
    [InlineData("GET", "/k", "a=1", "other.example")]
    [InlineData("GET", "/k", "a=1", Host + ":9000")]
    public void WhateverWasSignedCannotBeChanged(string method, string path, string query, string host)
    {
        var refusal = Refused(method, path, query, Signed("GET", "/k", "a=1"), host);

        Assert.Equal("SignatureDoesNotMatch", refusal.Error.Code);
        Assert.Equal(AccessKey, Detail(refusal, "AWSAccessKeyId"));
        Assert.StartsWith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n", Detail(refusal, "StringToSign"),
            StringComparison.Ordinal);
        Assert.StartsWith(method + "\n" + path + "\n", Detail(refusal, "CanonicalRequest"), StringComparison.Ordinal);
        Assert.Equal(64, Detail(refusal, "SignatureProvided")!.Length);
        Assert.DoesNotContain(refusal.Details, detail => detail.Value.Contains(SecretKey, StringComparison.Ordinal));
    }

    [Fact]
    public void SignedHeadersAndThePayloadHashCannotBeChanged()
    {
        var headers = Signed("PUT", "/k", headers: ("x-amz-meta-a", "1"));
        headers["x-amz-meta-a"] = "2";
        Assert.Equal("SignatureDoesNotMatch", Refused("PUT", "/k", "", headers).Error.Code);

        headers = Signed("PUT", "/k");
        headers["x-amz-content-sha256"] = SigV4.UnsignedPayload;
        Assert.Equal("SignatureDoesNotMatch", Refused("PUT", "/k", "", headers).Error.Code);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("zz")]
    [InlineData("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")]
    public void AWrongSignatureIsRefusedWhateverItsForm(string signature)
    {
        var headers = Signed("GET", "/k");
        headers.Authorization = headers.Authorization.ToString().Split("Signature=")[0] + "Signature=" + signature;

        Assert.Equal("SignatureDoesNotMatch", Refused("GET", "/k", "", headers).Error.Code);
    }

    [Fact]
    public void AnotherSecretIsRefusedAndAnUnknownKeyNamed()
    {
        Assert.Equal(
            "SignatureDoesNotMatch",
            Refused("GET", "/k", "", Signed("GET", "/k", signer: new(new SigningCredentials(AccessKey, "wrong"), "us-east-1"))).Error.Code);

        var unknown =
            Refused("GET", "/k", "", Signed("GET", "/k", signer: new(new SigningCredentials("unknown-key", SecretKey), "us-east-1")));
        Assert.Equal("InvalidAccessKeyId", unknown.Error.Code);
        Assert.Equal("unknown-key", Detail(unknown, "AWSAccessKeyId"));
    }

    [Theory]
    [InlineData(901, false)]
    [InlineData(900, true)]
    [InlineData(-900, true)]
    [InlineData(-901, false)]
    public void AClockMayBeFifteenMinutesOff(int seconds, bool accepted)
    {
        Now = Time.AddSeconds(seconds);
        if (accepted)
        {
            Assert.Equal(AccessKey, Authenticate("GET", "/k", "", Signed("GET", "/k")).Caller.AccessKey);
            return;
        }

        var refusal = Refused("GET", "/k", "", Signed("GET", "/k"));
        Assert.Equal("RequestTimeTooSkewed", refusal.Error.Code);
        Assert.Equal("20130524T000000Z", Detail(refusal, "RequestTime"));
        Assert.Equal("900000", Detail(refusal, "MaxAllowedSkewMilliseconds"));
    }

    [Fact]
    public void AnUnsignedAmzHeaderIsRefusedByName()
    {
        var headers = Signed("PUT", "/k");
        headers["x-amz-copy-source"] = "/secret/object";
        headers["X-Amz-Tagging"] = "a=b";

        var refusal = Refused("PUT", "/k", "", headers);

        Assert.Equal(403, refusal.Error.Status);
        Assert.Equal("There were headers present in the request which were not signed", refusal.Message);
        Assert.Equal("x-amz-copy-source, x-amz-tagging", Detail(refusal, "HeadersNotSigned"));
    }

    [Fact]
    public void UnsignedRangeConditionsCacheControlAndContentTypeCount()
    {
        var headers = Signed("GET", "/k");
        headers.Range = "bytes=0-1";
        headers.IfNoneMatch = "\"x\"";
        headers.CacheControl = "no-cache";

        // It should be signed, and many clients do not: AWS takes it.
        headers.ContentType = "text/plain";

        Assert.Equal(AccessKey, Authenticate("GET", "/k", "", headers).Caller.AccessKey);
    }

    [Fact]
    public void TheHostMustBeSigned()
    {
        var headers = Signed("GET", "/k");
        headers.Authorization = headers.Authorization.ToString().Replace("host;", "", StringComparison.Ordinal);

        var refusal = Refused("GET", "/k", "", headers);
        Assert.Equal("host", Detail(refusal, "HeadersNotSigned"));
    }

    [Fact]
    public void ThePayloadHashMustBeSent()
    {
        var headers = Signed("GET", "/k");
        headers.Remove("x-amz-content-sha256");

        Assert.Equal("Missing required header for this request: x-amz-content-sha256", Refused("GET", "/k", "", headers).Message);
    }

    [Theory]
    [InlineData(SigV4.UnsignedPayload, PayloadFraming.Plain, false)]
    [InlineData(SigV4.StreamingUnsignedPayloadTrailer, PayloadFraming.Chunks, true)]
    [InlineData(SigV4.StreamingPayload, PayloadFraming.SignedChunks, false)]
    [InlineData(SigV4.StreamingPayloadTrailer, PayloadFraming.SignedChunks, true)]
    public void ThePayloadHashSaysHowTheBodyIsFramed(string hash, PayloadFraming framing, bool hasTrailer)
    {
        var plan = Authenticate("PUT", "/k", "", Signed("PUT", "/k", payloadHash: hash)).Payload;

        Assert.Equal(framing, plan.Framing);
        Assert.Equal(hasTrailer, plan.HasTrailer);
        Assert.Equal(framing == PayloadFraming.SignedChunks, plan.Signatures is not null);
        Assert.Null(plan.Sha256);
    }

    [Theory]
    [InlineData("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "NotImplemented")]
    [InlineData("STREAMING-SOMETHING", "NotImplemented")]
    [InlineData("unsigned-payload", "InvalidArgument")]
    [InlineData("abc", "InvalidArgument")]
    public void UnknownPayloadHashesAreRefused(string hash, string code) =>
        Assert.Equal(code, Refused("PUT", "/k", "", Signed("PUT", "/k", payloadHash: hash)).Error.Code);

    [Fact]
    public void TheScopesRegionIsTakenAsSignedUnlessOneIsSet()
    {
        var signed = Signed("GET", "/k", signer: new(new SigningCredentials(AccessKey, SecretKey), "eu-west-3"));
        Assert.Equal(AccessKey, Authenticate("GET", "/k", "", signed).Caller.AccessKey);

        Settings = new() { Region = "us-east-1" };
        var refusal = Refused("GET", "/k", "", signed);
        Assert.Equal("AuthorizationHeaderMalformed", refusal.Error.Code);
        Assert.Equal("us-east-1", Detail(refusal, "Region"));
    }

    [Fact]
    public void AnotherServiceOrDayInTheScopeIsRefused()
    {
        var otherService = Signed("GET", "/k", signer: new(new SigningCredentials(AccessKey, SecretKey), "us-east-1", "ec2"));
        Assert.Equal("AuthorizationHeaderMalformed", Refused("GET", "/k", "", otherService).Error.Code);

        var otherDay = Signed("GET", "/k");
        otherDay.Authorization = otherDay.Authorization.ToString().Replace("/20130524/", "/20130523/", StringComparison.Ordinal);
        Assert.Equal("AuthorizationHeaderMalformed", Refused("GET", "/k", "", otherDay).Error.Code);
    }

    [Theory]
    [InlineData("AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3/aws4_request, SignedHeaders=host", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3/other, SignedHeaders=host, Signature=00",
        "AuthorizationHeaderMalformed")]
    [InlineData(Credential + ", SignedHeaders=host, SignedHeaders=host, Signature=00", "AuthorizationHeaderMalformed")]
    [InlineData(Credential + ", SignedHeaders=Host;;, Signature=00", "AuthorizationHeaderMalformed")]
    [InlineData("AWS4-ECDSA-P256-SHA256 Credential=A/20130524/s3/aws4_request, SignedHeaders=host, Signature=00", "InvalidRequest")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "SignatureDoesNotMatch")]
    [InlineData("Basic YTpi", "InvalidArgument")]
    [InlineData("Bearer x", "InvalidArgument")]
    public void OtherSchemesAndMalformedHeadersAreRefused(string authorization, string code)
    {
        var headers = Headers(("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", SigV4.EmptyPayload));
        headers.Authorization = authorization;

        Assert.Equal(code, Refused("GET", "/k", "", headers).Error.Code);
    }

    [Fact]
    public void ASessionTokenIsRefused()
    {
        var signer = new RequestSigner(new SigningCredentials(AccessKey, SecretKey, "token"), "us-east-1");

        Assert.Equal("InvalidToken", Refused("GET", "/k", "", Signed("GET", "/k", signer: signer)).Error.Code);
    }

    [Fact]
    public void NothingSignedIsAnonymous()
    {
        var request = Authenticate("GET", "/k", "", Headers(("Range", "bytes=0-1")));

        Assert.True(request.Caller.IsAnonymous);
        Assert.Equal(PayloadFraming.Plain, request.Payload.Framing);
        Assert.Equal("AccessDenied", Refused("PUT", "/k", "", Headers(("x-amz-content-sha256", SigV4.StreamingPayload))).Error.Code);
    }

    [Fact]
    public void WithAuthenticationOffEverybodyIsAnonymousAndChunksAreTakenOffUnchecked()
    {
        Settings = new() { IsOff = true };
        var signed = Signed("PUT", "/k", payloadHash: SigV4.StreamingPayload, signer: new(new SigningCredentials("unknown-key", "x"), "r"));

        var request = Authenticate("PUT", "/other", "", signed);

        Assert.True(request.Caller.IsAnonymous);
        Assert.Equal(PayloadFraming.SignedChunks, request.Payload.Framing);
        Assert.Null(request.Payload.Signatures);
    }

    [Theory]
    [InlineData("localhost:80", "localhost")]
    [InlineData("localhost:443", "localhost")]
    public void ADefaultPortMayBeSentThoughItWasNotSigned(string received, string signedFor) =>
        Assert.Equal(AccessKey, Authenticate("GET", "/k", "", Signed("GET", "/k", host: signedFor), received).Caller.AccessKey);

    [Fact]
    public void SignedLinesOfOneHeaderAreJoinedAndSpacesCollapsed()
    {
        var headers = Signed("PUT", "/k", headers: ("x-amz-meta-a", "one two,three"));
        headers["x-amz-meta-a"] = new StringValues(["  one   two ", "three"]);

        Assert.Equal(AccessKey, Authenticate("PUT", "/k", "", headers).Caller.AccessKey);
    }

    private sealed class Ring : IKeyRing
    {
        public bool TryGetSecret(string accessKey, [NotNullWhen(true)] out string? secret)
        {
            secret = SecretKey;
            return true;
        }
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Time;
    }
}
