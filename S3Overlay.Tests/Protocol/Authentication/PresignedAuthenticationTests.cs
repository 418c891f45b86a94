using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Protocol.Authentication;

[Trait("Rule", "A1")]
public sealed class PresignedAuthenticationTests : AuthenticatorTestBase
{
    private const string Example =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

    [Fact]
    public void AwsExampleIsAcceptedUntilItsDayIsOver()
    {
        Assert.Equal(AccessKey, Authenticate("GET", "/test.txt", Example, Headers()).Caller.AccessKey);
        Now = Time.AddDays(1);
        Assert.Equal(AccessKey, Authenticate("GET", "/test.txt", Example, Headers()).Caller.AccessKey);

        Now = Time.AddDays(1).AddSeconds(1);
        var refusal = Refused("GET", "/test.txt", Example, Headers());
        Assert.Equal("AccessDenied", refusal.Error.Code);
        Assert.Equal("Request has expired", refusal.Message);
        Assert.Equal("86400", Detail(refusal, "X-Amz-Expires"));
        Assert.Equal("2013-05-25T00:00:00Z", Detail(refusal, "Expires"));
        Assert.Equal("2013-05-25T00:00:01Z", Detail(refusal, "ServerTime"));
    }

    [Fact]
    public void OneSignedInTheFutureIsNotValidYet()
    {
        Now = Time.AddMinutes(-16);
        Assert.Equal("Request is not valid yet", Refused("GET", "/test.txt", Example, Headers()).Message);
        Now = Time.AddMinutes(-15);
        Assert.Equal(AccessKey, Authenticate("GET", "/test.txt", Example, Headers()).Caller.AccessKey);
    }

    [Fact]
    public void AUrlForAnotherHostIsRefusedWithTheHostToSignFor()
    {
        var refusal = Refused("GET", "/test.txt", Example, Headers(), "localhost:8000");

        Assert.Equal("SignatureDoesNotMatch", refusal.Error.Code);
        Assert.Contains("'localhost:8000'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=86401", "SignatureDoesNotMatch")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=604801", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=0", "AccessDenied")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=-1", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Expires=86400", "X-Amz-Expires=x", "AuthorizationQueryParametersError")]
    [InlineData("&X-Amz-Expires=86400", "", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130525T000000Z", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Date=20130524T000000Z", "X-Amz-Date=yesterday", "AuthorizationQueryParametersError")]
    [InlineData("%2Fs3%2F", "%2Fsqs%2F", "AuthorizationQueryParametersError")]
    [InlineData("AKIAIOSFODNN7EXAMPLE", "unknown-key", "InvalidAccessKeyId")]
    [InlineData("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range", "AccessDenied")]
    [InlineData("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%0Ax", "AuthorizationQueryParametersError")]
    [InlineData("X-Amz-Signature=aeeed9", "X-Amz-Signature=beeed9", "SignatureDoesNotMatch")]
    [InlineData("X-Amz-Date", "response-content-type=text%2Fhtml&X-Amz-Date", "SignatureDoesNotMatch")]
    public void NothingOfTheQueryCanBeChanged(string part, string changed, string code)
    {
        Now = Time.AddMinutes(1);
        Assert.Equal(code, Refused("GET", "/test.txt", Example.Replace(part, changed, StringComparison.Ordinal), Headers()).Error.Code);
    }

    [Fact]
    public void AnUnsignedAmzHeaderOnAPresignedPutIsRefused()
    {
        var query = Signer.Presign("PUT", Host, "/k", "", [], Time, TimeSpan.FromHours(1));

        Assert.Equal(
            "x-amz-copy-source", Detail(Refused("PUT", "/k", query, Headers(("x-amz-copy-source", "/other/object"))), "HeadersNotSigned"));
        Assert.Equal(AccessKey, Authenticate("PUT", "/k", query, Headers(("Content-Type", "text/plain"))).Caller.AccessKey);
    }

    [Fact]
    public void TwoWaysOfSigningAtOnceAreRefused()
    {
        Assert.Equal("InvalidArgument", Refused("GET", "/test.txt", Example, Signed("GET", "/test.txt", Example)).Error.Code);
        Assert.Equal("InvalidArgument", Refused("GET", "/test.txt", Example, Headers(("Authorization", "Basic YTpi"))).Error.Code);
    }

    [Fact]
    public void AHashInTheUrlIsHonoured()
    {
        var query = Signer.Presign("PUT", Host, "/k", "", [], Time, TimeSpan.FromHours(1), SigV4.EmptyPayload);

        Assert.Equal(SigV4.EmptyPayload, Authenticate("PUT", "/k", query, Headers()).Payload.Sha256);
        Assert.Equal(
            SigV4.EmptyPayload, Authenticate("PUT", "/k", query, Headers(("x-amz-content-sha256", SigV4.UnsignedPayload))).Payload.Sha256);
    }

    [Fact]
    public void AHashSentWithAnUnsignedUrlIsAPromise()
    {
        var query = Signer.Presign("PUT", Host, "/k", "", [], Time, TimeSpan.FromHours(1));

        Assert.Null(Authenticate("PUT", "/k", query, Headers()).Payload.Sha256);
        Assert.Equal(
            SigV4.EmptyPayload, Authenticate("PUT", "/k", query, Headers(("x-amz-content-sha256", SigV4.EmptyPayload))).Payload.Sha256);
    }

    [Fact]
    public void HeadersThatThePresignerMovedIntoTheQueryAreHeadersAgain()
    {
        var query = Signer.Presign("PUT", Host, "/k", "x-amz-meta-color=red%20wine&x-amz-acl=private", [], Time, TimeSpan.FromHours(1));
        var headers = Headers();

        Authenticate("PUT", "/k", query, headers);

        Assert.Equal("red wine", headers["x-amz-meta-color"]);
        Assert.Equal("private", headers["x-amz-acl"]);
        Assert.Equal(2, headers.Count);
    }

    /// <summary>
    /// The SDK for JavaScript leaves the checksum of an empty body in upload URLs, because the URL is made without the body.
    /// </summary>
    [Fact]
    public void WhatIsAboutABodyIsNotMadeAHeader()
    {
        const string OfNoBytes =
            "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-amz-trailer=x-amz-checksum-crc32"
            + "&x-amz-decoded-content-length=0&x-amz-checksum-mode=ENABLED";
        var headers = Headers();

        Authenticate("PUT", "/k", Signer.Presign("PUT", Host, "/k", OfNoBytes, [], Time, TimeSpan.FromHours(1)), headers);

        Assert.Equal("x-amz-checksum-mode", Assert.Single(headers).Key);
    }

    [Fact]
    public void ASessionTokenInTheUrlIsRefused()
    {
        var query = new RequestSigner(new SigningCredentials(AccessKey, SecretKey, "token"), "us-east-1")
            .Presign("GET", Host, "/k", "", [], Time, TimeSpan.FromHours(1));

        Assert.Equal("InvalidToken", Refused("GET", "/k", query, Headers()).Error.Code);
    }

    [Fact]
    public void ASignedHeaderMustBeSentAsItWasSigned()
    {
        var query = Signer.Presign("PUT", Host, "/k", "", [new("content-type", "text/plain")], Time, TimeSpan.FromHours(1));

        Assert.Equal(AccessKey, Authenticate("PUT", "/k", query, Headers(("Content-Type", "text/plain"))).Caller.AccessKey);
        Assert.Equal("SignatureDoesNotMatch", Refused("PUT", "/k", query, Headers(("Content-Type", "text/html"))).Error.Code);
        Assert.Equal("SignatureDoesNotMatch", Refused("PUT", "/k", query, Headers()).Error.Code);
    }
}
