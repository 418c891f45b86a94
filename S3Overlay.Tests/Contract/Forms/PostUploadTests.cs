using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>What a form stores, and the response its sender gets.</summary>
public abstract class PostUploadTests<TFixture>(TFixture fixture) : FormTestBase(fixture), IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private const string V4 =
        """["starts-with", "$x-amz-algorithm", ""], ["starts-with", "$x-amz-credential", ""], ["starts-with", "$x-amz-date", ""]""";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_143)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(3_145_728)] // upload_larger_than_chunk
    public async Task Files_of_any_size_come_back(int size)
    {
        var bucket = await NewBucketAsync();
        var form = Form().SignedV2(Policy(bucket, []));
        form.File = new byte[size];
        new Random(size).NextBytes(form.File);
        var response = await form.SendAsync(Http, "/" + bucket);
        AssertStatus(204, response);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(form.File))}\"", response.Headers["ETag"]);
        using var got = await S3.GetObjectAsync(bucket, "foo.txt");
        using var bytes = new MemoryStream();
        await got.ResponseStream.CopyToAsync(bytes);
        Assert.Equal(form.File, bytes.ToArray());
        Assert.Equal(size, (await S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Single().Size);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(300_000)]
    public async Task Fields_behind_the_file_are_ignored(int size)
    {
        var bucket = await NewBucketAsync();
        var form = Form().SignedV2(Policy(bucket, [])).Then("submit", "Upload to Amazon S3").Then("key", "other")
            .Then("x-amz-meta-long", new string('x', 300_000));
        form.File = new byte[size];
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
        var stored = (await S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Single();
        Assert.Equal(("foo.txt", size), (stored.Key, stored.Size));
        using var got = await S3.GetObjectAsync(bucket, "foo.txt");
        using var bytes = new MemoryStream();
        await got.ResponseStream.CopyToAsync(bytes);
        Assert.Equal(form.File, bytes.ToArray());
    }

    [Theory]
    [InlineData("${filename}", "foo.txt", "foo.txt")] // set_key_from_filename
    [InlineData("foo/${filename}", "C:\\dir\\sub\\a b.txt", "foo/a b.txt")]
    [InlineData("foo/${filename}.bak", "/home/me/ünï.txt", "foo/ünï.txt.bak")]
    [InlineData("foo", "../../etc/passwd", "foo")]
    [InlineData("foo-${filename}", null, "foo-${filename}")] // as LocalStack recorded it: test_post_object_with_file_as_string
    [InlineData("foo-${filename}", "", "foo-")]
    public async Task The_file_gives_the_key_its_name(string key, string? fileName, string stored)
    {
        var bucket = await NewBucketAsync();
        var form = Form(key).SignedV2(Policy(bucket, []));
        form.FileName = fileName;
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
        Assert.Equal("bar", await ReadAsync(bucket, stored));
    }

    [Fact]
    public async Task The_policy_applies_to_the_key_with_the_file_name_inserted()
    {
        var bucket = await NewBucketAsync();
        var form = Form("${filename}").SignedV2(Policy(bucket, []));
        form.FileName = "other.txt";
        AssertStatus(403, await form.SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task Fields_become_what_headers_of_a_put_would()
    {
        var bucket = await NewBucketAsync();
        var form = Form()
            .With("Cache-Control", "max-age=60").With("Content-Disposition", "attachment; filename=x").With("Content-Encoding", "gzip")
            .With("Expires", "Thu, 01 Dec 2033 16:00:00 GMT").With("x-amz-storage-class", "STANDARD_IA").With("x-amz-meta-Who", "jörg")
            .With("tagging",
                "<Tagging><TagSet><Tag><Key>a b</Key><Value>1+2</Value></Tag><Tag><Key>c</Key><Value></Value></Tag></TagSet></Tagging>")
            .SignedV2(PolicyFor(bucket, ["Cache-Control", "Content-Disposition", "Content-Encoding", "Expires", "x-amz-storage-class",
                "x-amz-meta-who", "tagging"]));
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
        var head = await Http.SendAsync("HEAD", $"/{bucket}/foo.txt");
        Assert.Equal("text/plain", head.Headers["Content-Type"]);
        Assert.Equal("max-age=60", head.Headers["Cache-Control"]);
        Assert.Equal("attachment; filename=x", head.Headers["Content-Disposition"]);
        Assert.Equal("gzip", head.Headers["Content-Encoding"]);
        Assert.Equal("Thu, 01 Dec 2033 16:00:00 GMT", head.Headers["Expires"]);
        Assert.Equal("STANDARD_IA", head.Headers["x-amz-storage-class"]);
        Assert.Equal("jörg", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(head.Headers["x-amz-meta-who"])));
        var tags = (await S3.GetObjectTaggingAsync(new() { BucketName = bucket, Key = "foo.txt" })).Tagging;
        Assert.Equal(["a b=1+2", "c="], tags.Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public async Task Without_a_content_type_there_is_the_usual_one()
    {
        // authenticated_no_content_type; the browser's guess is about the form's part
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, []).Replace(""", ["starts-with", "$Content-Type", "text/plain"]""", "", StringComparison.Ordinal);
        AssertStatus(204, await Form().Without("Content-Type").SignedV2(policy).SendAsync(Http, "/" + bucket));
        Assert.Equal("binary/octet-stream", (await S3.GetObjectMetadataAsync(bucket, "foo.txt")).Headers.ContentType);
    }

    [Fact]
    [Trait("Rule", "W7")]
    public async Task A_checksum_is_checked_before_anything_is_stored()
    {
        // upload_checksum
        var bucket = await NewBucketAsync();
        UploadForm Sum(string name, string value)
        {
            var form = Form().SignedV2(Policy(bucket, [])).With(name, value);
            form.File = Encoding.ASCII.GetBytes(new string('x', 2 << 20));
            return form;
        }

        AssertStatus(400, await Sum("x-amz-checksum-sha256", "sailorjerry").SendAsync(Http, "/" + bucket));
        var wrong = await Sum("x-amz-checksum-sha256", "AAAAMeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=").SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "BadDigest"), (wrong.Status, wrong.Code));
        await AssertNothingStoredAsync(bucket);
        AssertStatus(204, await Sum("x-amz-checksum-sha256", "aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=").SendAsync(Http, "/" + bucket));
        var head = await S3
            .GetObjectMetadataAsync(new() { BucketName = bucket, Key = "foo.txt", ChecksumMode = Amazon.S3.ChecksumMode.ENABLED });
        Assert.Equal("aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=", head.ChecksumSHA256);
    }

    [Fact]
    public async Task Version_4_signs_as_well()
    {
        var bucket = await NewBucketAsync();
        var (policy, now) = (Policy(bucket, [V4]), DateTimeOffset.UtcNow);
        AssertStatus(204, await Form().SignedV4(policy, now).SendAsync(Http, "/" + bucket));
        Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
        var forged = await Form("foo2").SignedV4(policy, now).Without("x-amz-signature").With("x-amz-signature", new string('0', 64))
            .SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "SignatureDoesNotMatch"), (forged.Status, forged.Code));
        var otherDay = await Form("foo2").SignedV4(policy, now).Without("x-amz-date").With("x-amz-date", "20130524T000000Z")
            .SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "InvalidArgument"), (otherDay.Status, otherDay.Code));
        var unsigned = await Form("foo2").SignedV4(policy, now).Without("x-amz-signature").SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "InvalidArgument"), (unsigned.Status, unsigned.Code));
        var token = await Form("foo2").SignedV4(policy, now).With("x-amz-security-token", "t").SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "InvalidToken"), (token.Status, token.Code));
        Assert.Single((await S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects);
    }

    [Theory]
    [InlineData("200", 200)]
    [InlineData("201", 201)] // set_success_code
    [InlineData("204", 204)]
    [InlineData("404", 204)] // set_invalid_success_code
    public async Task The_form_chooses_the_status(string wanted, int status)
    {
        var bucket = await NewBucketAsync();
        var form = Form("foo dir/ü.txt").With("success_action_status", wanted).SignedV2(PolicyFor(bucket, ["success_action_status"]));
        var response = await form.SendAsync(Http, "/" + bucket);
        AssertStatus(status, response);
        Assert.Equal($"{Endpoint}{bucket}/foo%20dir%2F%C3%BC.txt", response.Headers["Location"]);
        if (status != 201)
        {
            Assert.Empty(response.Body);
            return;
        }

        var document = XElement.Parse(response.Text);
        Assert.Equal("PostResponse", document.Name);
        Assert.Equal(
            [response.Headers["Location"], bucket, "foo dir/ü.txt", "\"37b51d194a7513e45b56f6524f2d51f2\""],
            new[] { "Location", "Bucket", "Key", "ETag" }.Select(name => document.Element(name)!.Value));
    }

    [Theory]
    [InlineData("http://pages.example/done", "http://pages.example/done?")]
    [InlineData("http://pages.example/done?x=1", "http://pages.example/done?x=1&")]
    public async Task The_form_chooses_the_page_to_go_to(string page, string start)
    {
        // success_redirect_action
        var bucket = await NewBucketAsync();
        var form = Form().With("success_action_redirect", page).SignedV2(PolicyFor(bucket, ["success_action_redirect"]));
        var response = await form.SendAsync(Http, "/" + bucket);
        AssertStatus(303, response);
        Assert.Equal($"{start}bucket={bucket}&key=foo.txt&etag=%2237b51d194a7513e45b56f6524f2d51f2%22", response.Headers["Location"]);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("javascript:alert(1)")]
    public async Task An_invalid_redirect_is_ignored(string page)
    {
        var bucket = await NewBucketAsync();
        var form = Form().With("success_action_redirect", page).SignedV2(PolicyFor(bucket, ["success_action_redirect"]));
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task A_page_cannot_smuggle_headers()
    {
        var bucket = await NewBucketAsync();
        var form = Form().With("success_action_redirect", "http://pages.example/\r\nSet-Cookie: a=b\u00fc")
            .SignedV2(PolicyFor(bucket, ["success_action_redirect"]));
        var response = await form.SendAsync(Http, "/" + bucket);
        Assert.InRange(response.Status, 200, 399);
        Assert.False(response.Headers.ContainsKey("Set-Cookie"));
    }

    [Theory]
    [InlineData("x-amz-meta-a", "line\r\nbreak")]
    [InlineData("x-amz-meta-a b", "value")]
    [InlineData("x-amz-meta-a\u00fc", "value")]
    [InlineData("x-amz-meta-a", "nul\0")]
    public async Task What_cannot_be_a_header_is_refused(string name, string value)
    {
        var bucket = await NewBucketAsync();
        var response = await Form().With(name, value).SignedV2(PolicyFor(bucket, [name])).SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
    }

    [Fact]
    public async Task Buckets_that_are_host_names_take_forms_at_their_root()
    {
        var bucket = await NewBucketAsync();
        var http = new SignedHttp(Endpoint) { Host = $"{bucket}.localhost:{Endpoint.Port}" };
        var response = await Form().With("success_action_status", "201").SignedV2(PolicyFor(bucket, ["success_action_status"]))
            .SendAsync(http, "/");
        AssertStatus(201, response);
        Assert.Equal($"{Endpoint.Scheme}://{bucket}.localhost:{Endpoint.Port}/foo.txt", response.Headers["Location"]);
        Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
    }

    [Fact]
    public async Task A_signed_request_may_carry_a_form_that_is_not()
    {
        var bucket = await NewBucketAsync();
        var response = await Http.SendAsync("POST", "/" + bucket, Form().ToBytes(), UploadForm.ContentType);
        AssertStatus(204, response);
        Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
    }

    /// <summary>A policy that allows any value of these fields.</summary>
    private static string PolicyFor(string bucket, string[] fields) =>
        Policy(bucket, [.. fields.Select(name => $$"""["starts-with", {{Json("$" + name)}}, ""]""")]);
}
