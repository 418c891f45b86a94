using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>The signatures that AWS publishes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.</summary>
public sealed class RequestSignerTests
{
    private const string Host = "examplebucket.s3.amazonaws.com";

    private static readonly DateTimeOffset Time = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    private static readonly RequestSigner Signer = new(
        new SigningCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1");

    [Fact]
    public void GetObjectExample()
    {
        var signed = Signer.Sign("GET", Host, "/test.txt", "", [new("Range", "bytes=0-9")], SigV4.EmptyPayload, Time);

        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            signed.Authorization);
        Assert.Equal("20130524T000000Z", signed.Time);
    }

    [Fact]
    public void PutObjectExample()
    {
        var signed = Signer.Sign(
            "PUT",
            Host,
            "/test$file.text",
            "",
            [new("Date", "Fri, 24 May 2013 00:00:00 GMT"), new("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            Time);

        Assert.Equal("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", signed.Signature);
    }

    [Fact]
    public void GetBucketLifecycleExample() =>
        Assert.Equal(
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            Signer.Sign("GET", Host, "/", "lifecycle", [], SigV4.EmptyPayload, Time).Signature);

    [Theory]
    [InlineData("max-keys=2&prefix=J")]
    [InlineData("prefix=J&max-keys=2")]
    [InlineData("prefix=%4a&&max%2Dkeys=2&")]
    public void ListObjectsExampleWhateverTheQuerysOrderAndEncoding(string query) =>
        Assert.Equal(
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            Signer.Sign("GET", Host, "/", query, [], SigV4.EmptyPayload, Time).Signature);

    [Fact]
    public void PresignedExample()
    {
        var query = Signer.Presign("GET", Host, "/test.txt", "", [], Time, TimeSpan.FromDays(1));

        Assert.Equal(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
            query);
    }

    [Theory]
    [InlineData("/a b", "/a%20b")]
    [InlineData("/a+b", "/a%2Bb")]
    [InlineData("/a%2bb", "/a%2Bb")]
    [InlineData("/a%7Eb", "/a~b")]
    [InlineData("/ä", "/%C3%A4")]
    public void PathsAreEncodedOnceWhateverFormTheyAreSentIn(string sent, string canonical) =>
        Assert.Equal(
            Signer.Sign("GET", Host, canonical, "", [], SigV4.EmptyPayload, Time).Signature,
            Signer.Sign("GET", Host, sent, "", [], SigV4.EmptyPayload, Time).Signature);

    [Theory]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a%2520b", "/a%20b")]
    public void PathsAreNotNormalised(string one, string other) =>
        Assert.NotEqual(
            Signer.Sign("GET", Host, one, "", [], SigV4.EmptyPayload, Time).Signature,
            Signer.Sign("GET", Host, other, "", [], SigV4.EmptyPayload, Time).Signature);

    [Fact]
    public void SpacesInHeadersAreTrimmedAndCollapsedAndLinesJoined() =>
        Assert.Equal(
            Signer.Sign("GET", Host, "/", "", [new("x-amz-meta-a", "one two,three")], SigV4.EmptyPayload, Time).Signature,
            Signer.Sign("GET", Host, "/", "", [new("X-Amz-Meta-A", "  one    two "), new("x-amz-meta-a", "three")], SigV4.EmptyPayload,
                Time).Signature);

    [Fact]
    public void ASessionTokenIsSentAndSigned()
    {
        var signed = new RequestSigner(new SigningCredentials("id", "secret", "token"), "eu-west-1")
            .Sign("GET", Host, "/", "", [], SigV4.UnsignedPayload, Time);

        Assert.Contains("x-amz-security-token", signed.Authorization, StringComparison.Ordinal);
        Assert.Contains(new("x-amz-security-token", "token"), signed.Headers);
    }

    [Fact]
    public void CredentialsDoNotPrintTheirSecret() => Assert.Equal("id", new SigningCredentials("id", "secret").ToString());
}
