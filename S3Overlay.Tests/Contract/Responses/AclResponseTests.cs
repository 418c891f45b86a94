namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// ACLs that a request gives a bucket or an object in the built-in store. Canned ACLs:
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl.
/// </summary>
[Trait("Rule", "A3")]
public sealed class AclResponseTests : ResponseTestBase
{
    private const string AllUsers = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";

    private static (string Method, string Target, (string, string)[] Headers)[] Writes =>
    [
        ("PUT", "/bucket/new", []), ("POST", "/bucket/new?uploads", []), ("PUT", "/bucket/new", [("x-amz-copy-source", "/bucket/there")]),
    ];

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task What_would_change_who_may_read_is_refused_and_nothing_is_written(string scene)
    {
        await StartAsync(scene);
        var upload = TextOf(await SendAsync("POST", "/bucket/new?uploads"), "UploadId");
        foreach (var header in new[]
        {
            ("x-amz-acl", "public-read"), ("x-amz-acl", "public-read-write"), ("x-amz-acl", "authenticated-read"),
            ("x-amz-grant-read", AllUsers), ("X-Amz-Grant-Write-Acp", AllUsers),
        })
        {
            foreach (var (method, target, more) in Writes)
            {
                Assert.Equal("400 AccessControlListNotSupported", await CodeAsync(method, target, null, [.. more, header]));
            }

            Assert.Equal("400 InvalidBucketAclWithObjectOwnership", await CodeAsync("PUT", "/new-bucket", null, header));
        }

        foreach (var acl in (string[])["aws-exec-read", "bucket-owner-read"])
        {
            Assert.Equal("400 AccessControlListNotSupported", await CodeAsync("PUT", "/bucket/new", "v", ("x-amz-acl", acl)));
        }

        Assert.Equal("400 InvalidArgument", await CodeAsync("PUT", "/bucket/new", "v", ("x-amz-grant-full-control", "id=\"somebody\"")));
        Assert.Equal("400 InvalidBucketAclWithObjectOwnership",
            await CodeAsync("PUT", "/new-bucket", null, ("x-amz-acl", "log-delivery-write")));
        Assert.Equal("400 InvalidArgument", await CodeAsync("PUT", "/bucket/new", "v", ("x-amz-acl", "nonsense")));
        Assert.Equal("400 InvalidArgument", await CodeAsync("PUT", "/new-bucket", null, ("x-amz-acl", "nonsense")));
        Assert.Equal(404, (await SendAsync("HEAD", "/bucket/new")).Status);
        Assert.Equal(404, (await SendAsync("HEAD", "/new-bucket")).Status);
        Assert.Equal(upload, TextOf(await SendAsync("GET", "/bucket?uploads"), "UploadId"));
    }

    /// <summary>Many tools send one of these with every upload (rclone, s3fs, registries). They request what is the case anyway.</summary>
    [Theory]
    [InlineData("plain", "private")]
    [InlineData("plain", "bucket-owner-full-control")]
    [InlineData("overlaid", "private")]
    [InlineData("overlaid", "bucket-owner-full-control")]
    public async Task What_is_so_anyway_may_be_said(string scene, string acl)
    {
        await StartAsync(scene);
        Assert.Equal(200, (await SendAsync("PUT", "/new-bucket", null, ("x-amz-acl", acl))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/new", "v", ("x-amz-acl", acl))).Status);
        Assert.Equal(200, (await SendAsync("POST", "/bucket/up?uploads", null, ("x-amz-acl", acl))).Status);
        Assert.Equal(
            200, (await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/there"), ("x-amz-acl", acl))).Status);
    }

    private async Task<string> CodeAsync(string method, string target, string? body, params (string Name, string Value)[] headers)
    {
        var response = await SendAsync(method, target, body, headers);
        return $"{response.Status} {response.Code}";
    }
}
