using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>Forms that are none, or not whole.</summary>
public sealed class BadFormTests(LocalOnlyFixture fixture) : FormTestBase(fixture), IClassFixture<LocalOnlyFixture>
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
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"key\r\n\r\nfoo\r\n--b--", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: attachment; name=key\r\n\r\nfoo\r\n--b--", "MalformedPOSTRequest")]
    [InlineData("multipart/form-data; boundary=b", Part + "--b--", "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b", "--b--", "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b", Part + "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbytes", "AccessDenied")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbytes\r\n--b--", "InvalidArgument")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--", "InvalidArgument")]
    public async Task Get_the_error_that_S3_has_for_them(string type, string body, string code)
    {
        var bucket = await NewBucketAsync();
        var answer = await Http.SendUnsignedAsync("POST", "/" + bucket, Encoding.UTF8.GetBytes(body), ("Content-Type", type));
        Assert.True(code == answer.Code, $"{answer.Status} {answer.Text}");
    }

    [Fact]
    public async Task Fields_have_20_KiB()
    {
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, ["""["starts-with", "$x-amz-meta-big", ""]"""]);
        var tooMuch = await Form().With("x-amz-meta-big", new string('x', 20 * 1024)).SignedV2(policy).SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "MaxPostPreDataLengthExceededError"), (tooMuch.Status, tooMuch.Code));
        var endless = await Http.SendUnsignedAsync("POST", "/" + bucket, Encoding.UTF8.GetBytes("--b\r\n" + new string('x', 100_000)), ("Content-Type", "multipart/form-data; boundary=b"));
        Assert.Equal((400, "MaxPostPreDataLengthExceededError"), (endless.Status, endless.Code));
        var enough = Form().With("x-ignore-big", new string('x', 18 * 1024)).SignedV2(Policy(bucket, []));
        enough.File = new byte[100_000];
        AssertStatus(204, await enough.SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task A_form_without_a_length_is_told_to_have_one()
    {
        var bucket = await NewBucketAsync();
        var answer = await Http.SendUnsignedAsync("POST", "/" + bucket, "0\r\n\r\n"u8.ToArray(), UploadForm.ContentType, ("Transfer-Encoding", "chunked"));
        Assert.Equal((411, "MissingContentLength"), (answer.Status, answer.Code));
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
    public async Task A_bucket_that_is_not_there_is_told()
    {
        var answer = await Form().SignedV2(Policy("no-such-bucket", [])).SendAsync(Http, "/no-such-bucket");
        Assert.Equal((404, "NoSuchBucket"), (answer.Status, answer.Code));
    }
}
