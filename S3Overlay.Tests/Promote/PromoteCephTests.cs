using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Promote;

/// <summary>Sending to, and reverting over, a real Ceph gateway, with another one as the local layer (rule P4).</summary>
[Collection(CephCollection.Name)]
[NeedsCeph]
[Trait("Rule", "P4")]
public sealed class PromoteCephTests(OverlayOnCephFixture fixture) : IClassFixture<OverlayOnCephFixture>
{
    [CephFact]
    public async Task Bytes_metadata_and_tags_arrive_and_the_remote_shows_again()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["credentials"],
            $"[writer]\naws_access_key_id = {CephGateway.AccessKey}\naws_secret_access_key = {CephGateway.SecretKey}\n");
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in (string[])["conflict", "deleted", "over"])
        {
            await fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = "remote" });
            (await fixture.S3.GetObjectAsync(bucket, key)).Dispose();
        }

        await PutAsync(bucket, "new");
        await PutAsync(bucket, "over");
        await PutAsync(bucket, "conflict");
        await fixture.S3.DeleteObjectAsync(bucket, "deleted");
        var parts = await PutInPartsAsync(bucket, "big");
        await fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = "conflict", ContentBody = "newer" });
        string[] changed = ["big", "deleted", "new", "over"];
        var here = new List<string?>();
        foreach (var key in changed)
        {
            here.Add(await ObjectSnapshot.TakeAsync(fixture.S3, bucket, key));
        }

        string[] line = [typeof(Proxy.Protocol.S3Request).Assembly.Location, "promote", bucket, "--yes", "--delete", "--json",
            "--profile", "writer", "--endpoint", fixture.Proxy.Endpoint.ToString()];
        var environment = new Dictionary<string, string>
        {
            ["AWS_SHARED_CREDENTIALS_FILE"] = folder["credentials"],
            ["AWS_CONFIG_FILE"] = folder["config"],
            ["XDG_STATE_HOME"] = folder["state"],
        };
        var result = await S3Tool.RunAsync("dotnet", line, environment);
        if ((result.Errors + result.Output).Contains("does not honour conditions", StringComparison.Ordinal))
        {
            // Gateways ignore conditions of deletes, older ones when an upload is completed, too. Nothing was lost, and the rest is sent
            // without them.
            Assert.Equal(1, result.ExitCode);
            result = await S3Tool.RunAsync("dotnet", [.. line, "--unchecked"], environment);
        }

        Assert.True(result.ExitCode == 3, result.Output + result.Errors);
        for (var at = 0; at < changed.Length; at++)
        {
            Assert.Equal(here[at], await ObjectSnapshot.TakeAsync(fixture.RemoteS3, bucket, changed[at]));
            Assert.Equal(here[at], await ObjectSnapshot.TakeAsync(fixture.S3, bucket, changed[at]));
        }

        foreach (var key in (string[])["new", "over"])
        {
            using var sent = await fixture.RemoteS3.GetObjectAsync(bucket, key);
            using var reader = new StreamReader(sent.ResponseStream);
            Assert.Equal($"mine {key}", await reader.ReadToEndAsync());
            Assert.Equal(("text/x-mine", "no-cache", "1"), (sent.Headers.ContentType, sent.Headers.CacheControl, sent.Metadata["a"]));
            var tags = await fixture.RemoteS3.GetObjectTaggingAsync(new() { BucketName = bucket, Key = key });
            Assert.Equal([("t", "1 2")], tags.Tagging.Select(static tag => (tag.Key, tag.Value)));
        }

        using (var big = await fixture.RemoteS3.GetObjectAsync(bucket, "big"))
        using (var bytes = new MemoryStream())
        {
            await big.ResponseStream.CopyToAsync(bytes);
            Assert.Equal(parts, bytes.ToArray());
            Assert.EndsWith("-2\"", big.ETag, StringComparison.Ordinal);
        }

        var gone = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => fixture.RemoteS3.GetObjectAsync(bucket, "deleted"));
        Assert.Equal("NoSuchKey", gone.ErrorCode);
        var changes = (await new SignedHttp(fixture.Proxy.Endpoint).SendAsync("GET", $"/-/v1/changes?bucket={bucket}")).Text;
        Assert.True(changes.TrimEnd('\n').Split('\n').Length == 2, changes + result.Output + result.Errors);
        Assert.Contains("\"key\":\"conflict\"", changes, StringComparison.Ordinal);

        var reverted = await new SignedHttp(fixture.Proxy.Endpoint).SendAsync("POST", $"/-/v1/revert?bucket={bucket}");
        Assert.Contains("\"reverted\":1", reverted.Text, StringComparison.Ordinal);
        using var shown = await fixture.S3.GetObjectAsync(bucket, "conflict");
        using var text = new StreamReader(shown.ResponseStream);
        Assert.Equal("newer", await text.ReadToEndAsync());
    }

    private Task PutAsync(string bucket, string key)
    {
        var put = new PutObjectRequest
        {
            BucketName = bucket, Key = key, ContentBody = $"mine {key}", ContentType = "text/x-mine",
            TagSet = [new() { Key = "t", Value = "1 2" }],
        };
        put.Headers.CacheControl = "no-cache";
        put.Metadata.Add("a", "1");
        return fixture.S3.PutObjectAsync(put);
    }

    private async Task<byte[]> PutInPartsAsync(string bucket, string key)
    {
        var bytes = new byte[(5 << 20) + 1234];
        new Random(1).NextBytes(bytes);
        var upload = (await fixture.S3.InitiateMultipartUploadAsync(bucket, key)).UploadId;
        var sent = new List<PartETag>();
        foreach (var (number, part) in ((int, byte[])[])[(1, bytes[..(5 << 20)]), (2, bytes[(5 << 20)..])])
        {
            var response = await fixture.S3.UploadPartAsync(new()
            {
                BucketName = bucket, Key = key, UploadId = upload, PartNumber = number, InputStream = new MemoryStream(part),
            });
            sent.Add(new(number, response.ETag));
        }

        await fixture.S3.CompleteMultipartUploadAsync(new() { BucketName = bucket, Key = key, UploadId = upload, PartETags = sent });
        return bytes;
    }
}
