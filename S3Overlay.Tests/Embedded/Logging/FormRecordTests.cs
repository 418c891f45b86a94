using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Logging;

/// <summary>Records of uploads from browser forms, whose key and caller are in the form's fields.</summary>
[Trait("Rule", "W10")]
public sealed class FormRecordTests
{
    private const string Policy =
        """{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "src"}, ["starts-with", "$key", ""]]}""";

    [Fact]
    public async Task An_upload_form_is_logged_with_its_key_its_caller_and_whether_an_ACL_allowed_it()
    {
        await using var scene = await LoggingScene.StartAsync(
            null, ("S3_OVERLAY_NEW_BUCKETS", "acl"), ("S3_OVERLAY_ACCOUNT_ID", "123456789012"));
        await scene.ExpectAsync(200, "PUT", "/src?acl", null, ("x-amz-acl", "public-read-write"));
        await scene.ExpectAsync(200, "PUT", "/logs?acl", null, ("x-amz-acl", "log-delivery-write"));
        await scene.ExpectAsync(200, "PUT", "/src?logging", LoggingScene.Logging());
        await PostAsync(204, new UploadForm().With("key", "signed/${filename}").SignedV2(Policy));
        await PostAsync(403, new UploadForm("minioadmin", "wrong").With("key", "forged").SignedV2(Policy));
        await PostAsync(204, new UploadForm().With("key", "open"));

        var records = await scene.RecordsAsync(" signed/foo.txt ", " forged ", " open ");
        const string Caller = "arn:aws:iam::123456789012:user/minioadmin";
        foreach (var (key, caller, status, neededAcl) in ((string, string, string, string)[])
            [("signed/foo.txt", Caller, "204", "-"), ("forged", "-", "403", "-"), ("open", "-", "204", "Yes")])
        {
            var columns = LoggingScene.Columns(Assert.Single(
                records, record => record.Contains($" REST.POST.OBJECT {key} ", StringComparison.Ordinal)));
            Assert.Equal((caller, status, neededAcl), (columns[4], columns[9], columns[25]));
        }

        async Task PostAsync(int status, UploadForm form)
        {
            var response = await form.SendAsync(scene.Proxy.Http, "/src");
            Assert.True(response.Status == status, response.Text);
        }
    }
}
