using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>
/// Version 2, compared with AWS's own examples: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
/// </summary>
[Trait("Rule", "A1")]
public sealed class Version2AuthenticationTests : AuthenticatorTestBase
{
    private static readonly DateTimeOffset Then = new(2007, 3, 27, 19, 36, 42, TimeSpan.Zero);

    public static TheoryData<string, string, string, string, string, string> Examples => new()
    {
        { "GET", "/photos/puppy.jpg", "", "awsexamplebucket1", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=" },
        { "PUT", "/photos/puppy.jpg", "", "awsexamplebucket1",
            "Content-Type: image/jpeg|Content-Length: 94328|Date: Tue, 27 Mar 2007 21:15:45 +0000", "iqRzw+ileNPu1fhspnRs8nOjjIA=" },
        { "GET", "/", "prefix=photos&max-keys=50&marker=puppy", "awsexamplebucket1",
            "User-Agent: Mozilla/5.0|Date: Tue, 27 Mar 2007 19:42:41 +0000", "m0WP8eCtspQl5Ahe6L1SozdX9YA=" },
        { "GET", "/", "acl", "awsexamplebucket1", "Date: Tue, 27 Mar 2007 19:44:46 +0000", "82ZHiFIjc+WbcwFKGUVEQspPn+0=" },
        { "DELETE", "/awsexamplebucket1/photos/puppy.jpg", "", "", "Date: Tue, 27 Mar 2007 21:20:26 +0000",
            "XbyTlbQdu9Xw5o8P4iMwPktxQd8=" },
        {
            "PUT", "/db-backup.dat.gz", "", "static.johnsmith.net",
            "Date: Tue, 27 Mar 2007 21:06:08 +0000|x-amz-acl: public-read|content-type: application/x-download"
            + "|Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==|X-Amz-Meta-ReviewedBy: joe@johnsmith.net"
            + "|X-Amz-Meta-ReviewedBy: jane@johnsmith.net|X-Amz-Meta-FileChecksum: 0x02661779|X-Amz-Meta-ChecksumAlgorithm: crc32"
            + "|Content-Disposition: attachment; filename=database.dat",
            "ilyl83RwaSoYIEdixDQcA4OnAnc="
        },
        { "GET", "/", "", "", "Date: Wed, 28 Mar 2007 01:29:59 +0000", "qGdzdERIC03wnaRNKh6OqZehG9s=" },
        { "GET", "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re", "", "", "Date: Wed, 28 Mar 2007 01:49:49 +0000",
            "DNEZGsoieTZ92F3bUfSPQcbGmlM=" },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void Examples_of_aws_are_accepted_and_nothing_else(string method, string path, string query, string hostBucket, string lines,
        string signature)
    {
        (string Name, string Value)[] headers =
            [.. lines.Split('|').Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1])),
                ("Authorization", $"AWS {AccessKey}:{signature}")];
        Now = DateTimeOffset.Parse(headers.Single(header => header.Name == "Date").Value,
            System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(AccessKey, Authenticate(method, path, query, Headers(headers), hostBucket: hostBucket).Caller.AccessKey);
        Assert.Equal("SignatureDoesNotMatch", Refused("POST", path, query, Headers(headers), hostBucket: hostBucket).Error.Code);
        Assert.Equal("SignatureDoesNotMatch", Refused(method, path + "x", query, Headers(headers), hostBucket: hostBucket).Error.Code);
        Assert.Equal("SignatureDoesNotMatch", Refused(method, path, query, Headers(headers), hostBucket: hostBucket + "x").Error.Code);
        Assert.Equal("SignatureDoesNotMatch",
            Refused(method, path, query, Headers([.. headers, ("x-amz-copy-source", "/b/k")]), hostBucket: hostBucket).Error.Code);
    }

    [Fact]
    public void An_amz_date_replaces_the_date()
    {
        (string, string)[] headers = [("Date", "Tue, 27 Mar 2001 21:20:27 +0000"), ("x-amz-date", "Tue, 27 Mar 2007 19:36:42 GMT")];
        var signed = Headers([.. headers, ("Authorization", Sign("GET\n\n\n\nx-amz-date:Tue, 27 Mar 2007 19:36:42 GMT\n/b/k"))]);
        Now = Then;
        Assert.Equal(AccessKey, Authenticate("GET", "/b/k", "", signed).Caller.AccessKey);
    }

    [Fact]
    public void Clocks_may_be_a_quarter_of_an_hour_apart()
    {
        var headers = Headers(("Date", "Tue, 27 Mar 2007 19:36:42 +0000"),
            ("Authorization", Sign("GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/b/k")));
        Now = Then.AddMinutes(15);
        Assert.Equal(AccessKey, Authenticate("GET", "/b/k", "", headers).Caller.AccessKey);
        foreach (var seconds in (int[])[901, -901])
        {
            Now = Then.AddSeconds(seconds);
            var refusal = Refused("GET", "/b/k", "", headers);
            Assert.Equal("RequestTimeTooSkewed", refusal.Error.Code);
            Assert.Equal("900000", Detail(refusal, "MaxAllowedSkewMilliseconds"));
        }
    }

    [Theory]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "InvalidArgument")]
    [InlineData("AWS :x", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "InvalidArgument")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "Accept: nothing", "AccessDenied")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "Date: yesterday", "AccessDenied")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: Bad Date", "AccessDenied")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: Tue, 07 Jul 1950 21:53:04 GMT", "AccessDenied")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: Tue, 07 Jul 2010 21:53:04 GMT", "RequestTimeTooSkewed")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: Tue, 07 Jul 9999 21:53:04 GMT", "RequestTimeTooSkewed")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: 27 Mar 2007 21:36:42 +0200", "SignatureDoesNotMatch")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "x-amz-date: 20070327T193642Z", "SignatureDoesNotMatch")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "Date: Tuesday, 27-Mar-07 19:36:42 GMT", "SignatureDoesNotMatch")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:x", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "SignatureDoesNotMatch")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "SignatureDoesNotMatch")]
    [InlineData("AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMUbWq2s1WEIj+Ydj0vQ697zp+IXMU=", "Date: Tue, 27 Mar 2007 19:36:42 +0000",
        "SignatureDoesNotMatch")]
    [InlineData("AWS unknown-key:bWq2s1WEIj+Ydj0vQ697zp+IXMU=", "Date: Tue, 27 Mar 2007 19:36:42 +0000", "InvalidAccessKeyId")]
    public void The_error_names_the_problem(string authorization, string header, string code)
    {
        Now = Then;
        var pair = header.Split(": ", 2);
        Assert.Equal(code, Refused("GET", "/b/k", "", Headers((pair[0], pair[1]), ("Authorization", authorization))).Error.Code);
    }

    [Fact]
    public void A_session_token_belongs_to_other_credentials()
    {
        var headers = Headers(
            ("Date", "Tue, 27 Mar 2007 19:36:42 +0000"), ("x-amz-security-token", "t"),
            ("Authorization", Sign("GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\nx-amz-security-token:t\n/b/k")));
        Now = Then;
        Assert.Equal("InvalidToken", Refused("GET", "/b/k", "", headers).Error.Code);
    }

    [Fact]
    public void A_link_works_until_its_time_is_over()
    {
        const string Query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
        Now = DateTimeOffset.FromUnixTimeSeconds(1175139620);
        Assert.Equal(AccessKey, Authenticate("GET", "/photos/puppy.jpg", Query, Headers(), hostBucket: "johnsmith").Caller.AccessKey);
        Assert.Equal(AccessKey, Authenticate("GET", "/johnsmith/photos/puppy.jpg", Query.Replace("%2B", "+", StringComparison.Ordinal),
            Headers()).Caller.AccessKey);
        Assert.Equal("SignatureDoesNotMatch", Refused("GET", "/photos/puppy.jpg", Query.Replace("620", "621", StringComparison.Ordinal),
            Headers(), hostBucket: "johnsmith").Error.Code);
        Assert.Equal("SignatureDoesNotMatch", Refused("DELETE", "/photos/puppy.jpg", Query, Headers(), hostBucket: "johnsmith").Error.Code);
        Assert.Equal("InvalidArgument",
            Refused("GET", "/photos/puppy.jpg", Query, Headers(("Authorization", "AWS a:b")), hostBucket: "johnsmith").Error.Code);

        Now = Now.AddSeconds(1);
        var refusal = Refused("GET", "/photos/puppy.jpg", Query, Headers(), hostBucket: "johnsmith");
        Assert.Equal(("AccessDenied", "Request has expired"), (refusal.Error.Code, refusal.Message));
        Assert.Equal("2007-03-29T03:40:20Z", Detail(refusal, "Expires"));
    }

    [Theory]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=9175139620", "AccessDenied")]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x", "AccessDenied")]
    [InlineData("Signature=x&Expires=9175139620", "AccessDenied")]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=tomorrow", "AccessDenied")]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=-1", "AccessDenied")]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=99999999999999999999", "AccessDenied")]
    [InlineData("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=9223372036854775807", "SignatureDoesNotMatch")]
    [InlineData("AWSAccessKeyId=unknown-key&Signature=x&Expires=9175139620", "InvalidAccessKeyId")]
    public void A_link_that_is_not_whole_is_refused(string query, string code) =>
        Assert.Equal(code, Refused("GET", "/b/k", query, Headers()).Error.Code);

    [Fact]
    public void Nothing_can_be_added_to_a_link_that_asks_for_something_else()
    {
        var link = Link("GET\n\n\n9175139620\n/b/k");
        Assert.Equal(AccessKey, Authenticate("GET", "/b/k", link, Headers()).Caller.AccessKey);
        Assert.Equal(AccessKey, Authenticate("GET", "/b/k", link + "&utm_source=mail", Headers()).Caller.AccessKey);
        foreach (var name in SubResources.All
            .Concat(["versionId=1", "partNumber=1", "response-content-type=text/html", "x-amz-acl=public-read", "content-type=text/html"]))
        {
            Assert.Equal("SignatureDoesNotMatch", Refused("GET", "/b/k", link + "&" + name, Headers()).Error.Code);
        }
    }

    [Theory]
    [InlineData("uploads", "?uploads")]
    [InlineData("uploads=", "?uploads")]
    [InlineData("uploadId=a%2Bb&prefix=x&partNumber=3", "?partNumber=3&uploadId=a+b")]
    [InlineData("response-content-disposition=attachment%3B%20filename%3D%22%C3%BC%22&acl",
        "?acl&response-content-disposition=attachment; filename=\"\u00c3\u00bc\"")]
    public void Parameters_are_signed_decoded_and_in_order(string query, string signed)
    {
        var link = Link("PUT\n\n\n9175139620\n/b/k" + signed);
        Assert.Equal(AccessKey, Authenticate("PUT", "/b/k", $"{query}&{link}", Headers()).Caller.AccessKey);
    }

    [Fact]
    public void Headers_that_the_presigner_put_into_the_query_are_headers_again()
    {
        var link = "content-type=text%2Fplain&x-amz-meta-color=red%20wine&"
            + Link("PUT\n\ntext/plain\n9175139620\nx-amz-meta-color:red wine\n/b/k");
        var headers = Headers();
        Assert.Equal(AccessKey, Authenticate("PUT", "/b/k", link, headers).Caller.AccessKey);
        Assert.Equal("red wine", headers["x-amz-meta-color"]);
        Assert.Equal("text/plain", headers.ContentType);
    }

    [Fact]
    public void A_path_may_be_signed_in_another_encoding_than_it_is_sent() =>
        Assert.Equal(
            AccessKey, Authenticate("GET", "/b/a(1)+%7e", Link("GET\n\n\n9175139620\n/b/a%281%29%2B~"), Headers()).Caller.AccessKey);

    [Fact]
    public void A_bucket_may_be_signed_with_a_slash_behind_it()
    {
        var link = Link("GET\n\n\n9175139620\n/b/?acl");
        Assert.Equal(AccessKey, Authenticate("GET", "/b", "acl&" + link, Headers()).Caller.AccessKey);
        Assert.Equal(AccessKey, Authenticate("GET", "/b/", "acl&" + link, Headers()).Caller.AccessKey);
        Assert.Equal("SignatureDoesNotMatch", Refused("GET", "/b/k", Link("GET\n\n\n9175139620\n/b/k/"), Headers()).Error.Code);
        Assert.Equal(
            "SignatureDoesNotMatch", Refused("GET", "/k", Link("GET\n\n\n9175139620\n/b/k/"), Headers(), hostBucket: "b").Error.Code);
    }

    [Fact]
    public void A_payload_hash_that_is_sent_is_a_promise()
    {
        var headers = Headers(("x-amz-content-sha256", SigV4.EmptyPayload));
        var link = Link($"PUT\n\n\n9175139620\nx-amz-content-sha256:{SigV4.EmptyPayload}\n/b/k");
        Assert.Equal(SigV4.EmptyPayload, Authenticate("PUT", "/b/k", link, headers).Payload.Sha256);
    }

    [Fact]
    public void If_it_is_off_the_error_asks_for_version_4()
    {
        Settings = new() { AllowsVersion2 = false };
        foreach (var refusal in new[]
        {
            Refused("GET", "/b/k", Link("GET\n\n\n9175139620\n/b/k"), Headers()),
            Refused("GET", "/b/k", "", Headers(("Authorization", "AWS a:b"))),
        })
        {
            Assert.Equal("InvalidRequest", refusal.Error.Code);
            Assert.Equal("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", refusal.Message);
        }
    }

    private static string Sign(string toSign) => $"AWS {AccessKey}:{Signature(toSign)}";

    private static string Link(string toSign) =>
        $"AWSAccessKeyId={AccessKey}&Expires=9175139620&Signature={Uri.EscapeDataString(Signature(toSign))}";

    private static string Signature(string toSign) =>
        Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(SecretKey), Encoding.Latin1.GetBytes(toSign)));
}
