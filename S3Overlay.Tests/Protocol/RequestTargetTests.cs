using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Protocol;

public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/", "", "")]
    [InlineData("/bucket", "bucket", "")]
    [InlineData("/bucket/", "bucket", "")]
    [InlineData("/bucket/key", "bucket", "key")]
    [InlineData("/bucket/a/b", "bucket", "a/b")]
    [InlineData("/bucket/a/", "bucket", "a/")]
    [InlineData("/bucket//x", "bucket", "/x")]
    [InlineData("/bucket/x//y", "bucket", "x//y")]
    [InlineData("/bucket/../up", "bucket", "../up")]
    [InlineData("/bucket/./here", "bucket", "./here")]
    [InlineData("/bucket/a%2Fb", "bucket", "a/b")]
    [InlineData("/bucket/100%25", "bucket", "100%")]
    [InlineData("/bucket/a%3Fb", "bucket", "a?b")]
    [InlineData("/bucket/a+b", "bucket", "a+b")]
    [InlineData("/bucket/%F0%9F%98%80", "bucket", "\U0001F600")]
    [InlineData("/bucket/a%252Fb", "bucket", "a%2Fb")]
    [InlineData("http://127.0.0.1:8000/bucket/key", "bucket", "key")]
    public void Path_style_decodes_once_and_normalises_nothing(string rawTarget, string bucket, string key)
    {
        var target = RequestTarget.Parse(rawTarget, "127.0.0.1:8000", "localhost");
        Assert.Equal((bucket, key, false), (target.Bucket, target.Key, target.IsVirtualHosted));
    }

    [Theory]
    [InlineData("bucket.localhost:8000", "/a/b", "bucket", "a/b")]
    [InlineData("bucket.localhost", "/", "bucket", "")]
    [InlineData("my.dotted.bucket.LOCALHOST:8000", "//x", "my.dotted.bucket", "/x")]
    public void Virtual_host_style_takes_the_bucket_from_the_host(string host, string rawTarget, string bucket, string key)
    {
        var target = RequestTarget.Parse(rawTarget, host, "localhost");
        Assert.Equal((bucket, key, true), (target.Bucket, target.Key, target.IsVirtualHosted));
    }

    [Theory]
    [InlineData("localhost:8000")]
    [InlineData("[::1]:8000")]
    [InlineData("example.org")]
    public void Other_hosts_are_path_style(string host) =>
        Assert.Equal("bucket", RequestTarget.Parse("/bucket/key", host, "localhost").Bucket);

    [Theory]
    [InlineData("/bucket/%", "InvalidURI")]
    [InlineData("/bucket/100%zz", "InvalidURI")]
    [InlineData("/bucket/%FF", "InvalidURI")]
    [InlineData("//key", "InvalidBucketName")]
    [InlineData("/bu%2Fcket/key", "InvalidBucketName")]
    [InlineData("/../key", "InvalidBucketName")]
    [InlineData("/-\u00e9/key", "InvalidBucketName")]
    public void What_names_nothing_is_an_S3_error(string rawTarget, string code) =>
        Assert.Equal(code, Assert.Throws<S3Exception>(() => RequestTarget.Parse(rawTarget, "127.0.0.1", "localhost")).Error.Code);

    [Theory]
    [InlineData("/tenant:bucket/key", "tenant:bucket")]
    [InlineData("/tenant%3Abucket/key", "tenant:bucket")]
    [InlineData("/:bucket/key", ":bucket")]
    [InlineData("/bucket/key", "bucket")]
    public void A_bucket_may_be_another_tenants_where_those_are_known(string rawTarget, string bucket)
    {
        Assert.Equal(bucket, RequestTarget.Parse(rawTarget, "127.0.0.1", "localhost", knowsTenants: true).Bucket);
        if (bucket.Contains(':'))
        {
            Assert.Same(S3Errors.InvalidBucketName, Assert.Throws<S3Exception>(
                () => RequestTarget.Parse(rawTarget, "127.0.0.1", "localhost")).Error);
        }
    }

    [Theory]
    [InlineData("/a:b:c/key")]
    [InlineData("/tenant:/key")]
    [InlineData("/..:bucket/key")]
    [InlineData("/tenant:../key")]
    [InlineData("/ten%2Fant:bucket/key")]
    public void A_tenant_is_no_path(string rawTarget) => Assert.Same(
        S3Errors.InvalidBucketName,
        Assert.Throws<S3Exception>(() => RequestTarget.Parse(rawTarget, "127.0.0.1", "localhost", knowsTenants: true)).Error);

    [Fact]
    public void A_key_may_have_1024_bytes_and_no_more()
    {
        Assert.Equal(1024, RequestTarget.Parse("/bucket/" + new string('k', 1024), "h", "localhost").Key.Length);
        var tooLong = string.Concat(Enumerable.Repeat("%C3%A4", 512)) + "k";
        Assert.Equal(
            "KeyTooLongError", Assert.Throws<S3Exception>(() => RequestTarget.Parse("/bucket/" + tooLong, "h", "localhost")).Error.Code);
    }
}
