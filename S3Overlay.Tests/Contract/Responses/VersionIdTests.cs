namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Ids of versions in a bucket without versions (LocalStack's test_get_object_with_version_unversioned_bucket, test_delete_object and
/// test_delete_objects).
/// </summary>
public sealed class VersionIdTests : ResponseTestBase
{
    private const string Id = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD";
    private const string Invalid =
        "400 Code=InvalidArgument | Message=Invalid version id specified | ArgumentName=versionId | ArgumentValue=" + Id;

    [Fact, Trait("Rule", "R8")]
    public async Task One_that_was_never_given_is_invalid()
    {
        await StartAsync("plain");
        foreach (var query in new[] { "?", "?tagging&", "?acl&" })
        {
            Assert.Equal(Invalid, ErrorOf(await SendAsync("GET", $"/bucket/there{query}versionId={Id}")));
        }

        Assert.Equal(400, (await SendAsync("HEAD", $"/bucket/there?versionId={Id}")).Status);
        Assert.Equal(Invalid, ErrorOf(await SendAsync("DELETE", $"/bucket/there?versionId={Id}")));
        Assert.Equal(Invalid, ErrorOf(await SendAsync("DELETE", $"/bucket/nothing?versionId={Id}")));
        Assert.Equal("kept", (await SendAsync("GET", "/bucket/there?versionId=null")).Text);
    }

    [Fact, Trait("Rule", "R8")]
    public async Task Among_many_keys_it_is_one_that_is_not_there()
    {
        await StartAsync("plain");
        var document = $"<Delete><Object><Key>there</Key><VersionId>{Id}</VersionId></Object></Delete>";
        var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(document)));
        var response = await SendAsync("POST", "/bucket?delete", document, ("Content-MD5", digest));
        Assert.Equal((200, "NoSuchVersion", Id), (response.Status, TextOf(response, "Code"), TextOf(response, "VersionId")));
        Assert.Equal("kept", (await SendAsync("GET", "/bucket/there")).Text);
    }

    /// <summary>S3 responds so, whichever id it is (recorded for UploadPart; Scality's tests have the same for the others).</summary>
    [Theory, Trait("Rule", "R8")]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task A_write_takes_none(string scene)
    {
        await StartAsync(scene);
        var upload = TextOf(await SendAsync("POST", "/bucket/there?uploads"), "UploadId");
        var part = await SendAsync("PUT", $"/bucket/there?partNumber=1&uploadId={upload}", "part");
        var complete =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>";
        foreach (var id in new[] { "abc", "null", "", Id })
        {
            var expected =
                "400 Code=InvalidArgument | Message=This operation does not accept a version-id. | ArgumentName=versionId | "
                + $"ArgumentValue={id}";
            Assert.Equal(expected, ErrorOf(await SendAsync("PUT", $"/bucket/there?versionId={id}", "new")));
            Assert.Equal(
                expected, ErrorOf(await SendAsync("PUT", $"/bucket/there?versionId={id}", null, ("x-amz-copy-source", "/bucket/there"),
                ("x-amz-metadata-directive", "REPLACE"))));
            Assert.Equal(expected, ErrorOf(await SendAsync("PUT", $"/bucket/there?partNumber=1&uploadId={upload}&versionId={id}", "new")));
            Assert.Equal(
                expected, ErrorOf(await SendAsync("PUT", $"/bucket/there?partNumber=1&uploadId={upload}&versionId={id}", null,
                ("x-amz-copy-source", "/bucket/there"))));
            Assert.Equal(expected, ErrorOf(await SendAsync("POST", $"/bucket/there?uploadId={upload}&versionId={id}", complete)));
        }

        Assert.Equal("kept", (await SendAsync("GET", "/bucket/there")).Text);
        Assert.Equal(200, (await SendAsync("POST", $"/bucket/there?uploadId={upload}", complete)).Status);
        Assert.Equal("part", (await SendAsync("GET", "/bucket/there")).Text);
    }

    /// <summary>A version that the local layer does not have may be the remote's, even if its id is invalid locally.</summary>
    [Theory, Trait("Rule", "V1")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task In_a_bucket_with_a_remote_it_may_be_the_remotes(string scene)
    {
        await StartAsync(scene);
        Remote.Put("bucket", "there", "of the remote"u8.ToArray());
        Remote.Script = async (request, context) =>
        {
            if (request.RawQuery.Contains("versionId=" + Id, StringComparison.Ordinal))
            {
                return Support.ScriptedOutcome.AsUsual;
            }

            if (request.RawQuery.Contains("versionId=", StringComparison.Ordinal))
            {
                await Support.ScriptedRemote.RespondErrorAsync(context, 400, "InvalidArgument");
                return Support.ScriptedOutcome.Answered;
            }

            return Support.ScriptedOutcome.AsUsual;
        };
        Assert.Equal("of the remote", (await SendAsync("GET", $"/bucket/there?versionId={Id}")).Text);
        Assert.Equal("kept", (await SendAsync("GET", "/bucket/there")).Text);
        var unknown = await SendAsync("GET", "/bucket/there?versionId=other");
        Assert.Equal((400, "InvalidArgument"), (unknown.Status, unknown.Code));
        var deleted = await SendAsync("DELETE", $"/bucket/there?versionId={Id}");
        Assert.Equal((403, "AccessDenied"), (deleted.Status, deleted.Code));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task An_unsupported_storage_class_is_refused(string scene)
    {
        await StartAsync(scene);
        const string Refused =
            "400 Code=InvalidStorageClass | Message=The storage class that you specified is not valid. | StorageClassRequested=OUTPOSTS";
        Assert.Equal(Refused, ErrorOf(await SendAsync("PUT", "/bucket/new", "v", ("x-amz-storage-class", "OUTPOSTS"))));
        Assert.Equal(Refused, ErrorOf(await SendAsync("POST", "/bucket/new?uploads", null, ("x-amz-storage-class", "OUTPOSTS"))));
    }
}
