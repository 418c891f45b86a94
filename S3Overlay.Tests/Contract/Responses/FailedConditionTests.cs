namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Which condition a 412 names (LocalStack's test_s3_get_object_preconditions and test_upload_part_copy_with_copy_source_*).
/// </summary>
public sealed class FailedConditionTests : ResponseTestBase
{
    private const string Past = "Thu, 01 Jan 1998 00:00:00 GMT";

    [Theory, Trait("Rule", "R6")]
    [InlineData("plain", "there")]
    [InlineData("overlaid", "there")]
    [InlineData("overlaid", "remote")]
    [InlineData("store", "remote")]
    public async Task A_read_names_the_one_that_it_failed_by(string scene, string key)
    {
        await StartAsync(scene);
        var etag = (await SendAsync("HEAD", $"/bucket/{key}")).Headers["ETag"];
        Assert.Equal("If-Match", await ReadAsync(("If-Match", "\"other\"")));
        Assert.Equal("If-Match", await ReadAsync(("If-Match", "\"other\""), ("If-Unmodified-Since", Past)));
        Assert.Equal("If-Unmodified-Since", await ReadAsync(("If-Unmodified-Since", Past)));
        Assert.Equal("If-Unmodified-Since", await ReadAsync(("If-Unmodified-Since", Past), ("If-None-Match", etag)));

        async Task<string?> ReadAsync(params (string Name, string Value)[] headers)
        {
            var response = await SendAsync("GET", $"/bucket/{key}", null, headers);
            Assert.Equal((412, "PreconditionFailed"), (response.Status, response.Code));
            return TextOf(response, "Condition");
        }
    }

    [Theory, Trait("Rule", "W4")]
    [InlineData("plain", "there")]
    [InlineData("overlaid", "there")]
    [InlineData("overlaid", "remote")]
    [InlineData("store", "remote")]
    public async Task A_copy_names_the_condition_on_its_source(string scene, string key)
    {
        await StartAsync(scene);
        var etag = (await SendAsync("HEAD", $"/bucket/{key}")).Headers["ETag"];
        var upload = TextOf(await SendAsync("POST", "/bucket/big?uploads"), "UploadId");
        foreach (var target in new[] { "/bucket/copy", $"/bucket/big?partNumber=1&uploadId={upload}" })
        {
            Assert.Equal("If-Match", await CopyAsync(target, ("if-match", "\"other\""), ("if-unmodified-since", Past)));
            Assert.Equal(
                "If-None-Match", await CopyAsync(target, ("if-match", etag), ("if-unmodified-since", Past), ("if-none-match", etag)));
            Assert.Equal("If-Unmodified-Since", await CopyAsync(target, ("if-unmodified-since", Past), ("if-none-match", etag)));
            Assert.Equal("If-None-Match", await CopyAsync(target, ("if-none-match", etag)));
            Assert.Equal("If-Modified-Since", await CopyAsync(
                target, ("if-modified-since", DateTimeOffset.UtcNow.ToString("R", System.Globalization.CultureInfo.InvariantCulture))));
        }

        async Task<string?> CopyAsync(string target, params (string Name, string Value)[] conditions)
        {
            var response = await SendAsync(
                "PUT", target, null, [("x-amz-copy-source", $"/bucket/{key}"),
                    .. conditions.Select(static condition => ("x-amz-copy-source-" + condition.Name, condition.Value))]);
            Assert.Equal((412, "PreconditionFailed"), (response.Status, response.Code));
            return TextOf(response, "Condition")?.Replace("x-amz-copy-source-", "", StringComparison.Ordinal);
        }
    }
}
