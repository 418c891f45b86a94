using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>Malformed and incomplete forms.</summary>
public abstract class BadFormTests<TFixture>(TFixture fixture) : FormTestBase(fixture), IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private const string Part = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nfoo\r\n";

    [Theory]
    [InlineData("multipart/form-data", Part, "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=", Part, "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "nonsense", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", Part, "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "--bx\r\n", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Type: x\r\n\r\nfoo\r\n--b--", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"key\r\n\r\nfoo\r\n--b--",
        "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: attachment; name=key\r\n\r\nfoo\r\n--b--",
        "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", Part + "--b--", "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b", "--b--", "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b", Part + "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbytes",
        "AccessDenied")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbytes\r\n--b--",
        "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
        + "x\r\n--b--", "InvalidArgument")]
    public async Task Get_the_error_that_S3_has_for_them(string type, string body, string code)
    {
        var bucket = await NewBucketAsync();
        var response = await Http.SendUnsignedAsync("POST", "/" + bucket, Encoding.UTF8.GetBytes(body), ("Content-Type", type));
        Assert.True(code == response.Code, $"{response.Status} {response.Text}");
    }

    [Fact]
    public async Task Fields_have_20_KiB()
    {
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, ["""["starts-with", "$x-amz-meta-big", ""]"""]);
        var tooMuch = await Form().With("x-amz-meta-big", new string('x', 20 * 1024)).SignedV2(policy).SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "MaxPostPreDataLengthExceededError"), (tooMuch.Status, tooMuch.Code));
        var endless = await Http.SendUnsignedAsync("POST", "/" + bucket, Encoding.UTF8.GetBytes("--b\r\n" + new string('x', 100_000)),
            ("Content-Type", "multipart/form-data; boundary=b"));
        Assert.Equal((400, "MaxPostPreDataLengthExceededError"), (endless.Status, endless.Code));
        var enough = Form().With("x-ignore-big", new string('x', 18 * 1024)).SignedV2(Policy(bucket, []));
        enough.File = new byte[100_000];
        AssertStatus(204, await enough.SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task A_key_with_a_NUL_is_refused()
    {
        var bucket = await NewBucketAsync();
        foreach (var form in (UploadForm[])[Form("foo\0bar"), Form("foo${filename}")])
        {
            form.FileName = "a\0b";
            var response = await form.SignedV2(Policy(bucket, [])).SendAsync(Http, "/" + bucket);
            Assert.Equal((400, "InvalidArgument"), (response.Status, response.Code));
        }

        await AssertNothingStoredAsync(bucket);
    }

    /// <summary>The name is inserted before the client is authenticated: a 20 KiB request must not become megabytes.</summary>
    [Fact]
    [Trait("Rule", "W8")]
    public async Task A_file_name_is_put_in_no_more_often_than_fields_have_room()
    {
        var bucket = await NewBucketAsync();
        var form = Form().With("x-ignore-names", string.Concat(Enumerable.Repeat("${filename}", 900)));
        form.FileName = new string('n', 5000);
        var tooMuch = await form.SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "MaxPostPreDataLengthExceededError"), (tooMuch.Status, tooMuch.Code));
        form.FileName = "name";
        AssertStatus(204, await form.SignedV2(Policy(bucket, [])).SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task A_form_without_a_length_is_read_to_its_end()
    {
        var bucket = await NewBucketAsync();
        var nothing = await Http.SendWithoutLengthAsync("POST", "/" + bucket, [], UploadForm.ContentType);
        Assert.Equal((400, "MalformedPOSTRequest"), (nothing.Status, nothing.Code));
        var form = Form().SignedV2(Policy(bucket, ["""["content-length-range", 3, 3]"""]));
        AssertStatus(204, await Http.SendWithoutLengthAsync("POST", "/" + bucket, form.ToBytes(), UploadForm.ContentType));
        Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
        form.File = "more"u8.ToArray();
        var large = await Http.SendWithoutLengthAsync("POST", "/" + bucket, form.ToBytes(), UploadForm.ContentType);
        Assert.Equal((400, "EntityTooLarge"), (large.Status, large.Code));
    }

    [Fact]
    [Trait("Rule", "W7")]
    public async Task A_file_that_breaks_off_is_not_stored()
    {
        var bucket = await NewBucketAsync();
        var form = Form().SignedV2(Policy(bucket, [])).ToBytes();
        var whole = await Http.SendUnsignedAsync("POST", "/" + bucket, form[..^12], UploadForm.ContentType);
        Assert.Equal((400, "MalformedPOSTRequest"), (whole.Status, whole.Code));
        var leaving = new SignedHttp(Endpoint) { ClosesSending = true };
        var cut = await leaving.SendUnsignedAsync("POST", "/" + bucket, form, UploadForm.ContentType, ("Content-Length", "100000"));
        Assert.True(cut.Status is 0 or 400, cut.Text);
        await AssertNothingStoredAsync(bucket);
    }

    [Fact]
    public async Task A_missing_bucket_is_NoSuchBucket()
    {
        var response = await Form().SignedV2(Policy("no-such-bucket", [])).SendAsync(Http, "/no-such-bucket");
        Assert.Equal((404, "NoSuchBucket"), (response.Status, response.Code));
    }
}
